// SPDX-License-Identifier: GPL-2.0
/*
 * Sees devices come, go, bind and unbind, on the PCI and on the virtio bus.
 */
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include "vdp.h"

/*
 * Matches no device: the virtio bus is not exported, and registering a driver
 * tells where it is.
 */
static const struct virtio_device_id no_ids[] = { { 0 } };
static struct virtio_driver bus_finder = {
	.driver.name = KBUILD_MODNAME,
	.id_table = no_ids,
};

static struct pci_dev *function_of(const struct device *device)
{
	struct device *parent = device->parent;

	return parent && dev_is_pci(parent) ? to_pci_dev(parent) : NULL;
}

/* Held while sysfs files are made or removed; taken before the other lock. */
static DEFINE_MUTEX(files_lock);
/* Read under either lock. */
static bool stopping;

static void show(struct device *device)
{
	struct virtio_device *vdev = dev_to_virtio(device);
	struct pci_dev *pdev = function_of(device);
	struct vdp_device *dev;
	int error;

	if (!pdev)
		return;
	mutex_lock(&files_lock);
	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev && !dev->vdev && !stopping) {
		error = vdp_sysfs_add(vdev);
		if (error)
			pci_warn(pdev, "virtio DMA: no sysfs files (%d); the mode stays in force\n",
				 error);
		else
			dev->vdev = vdev;
	}
	vdp_unlock();
	mutex_unlock(&files_lock);
}

static void hide(struct virtio_device *vdev, struct pci_dev *pdev)
{
	struct vdp_device *dev;
	bool shown = false;

	mutex_lock(&files_lock);
	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev && dev->vdev == vdev) {
		dev->vdev = NULL;
		shown = true;
	}
	vdp_unlock();
	if (shown)
		vdp_sysfs_remove(vdev);
	mutex_unlock(&files_lock);
}

/* Before the device is offered to a driver. */
static void adopt(struct device *device)
{
	struct virtio_device *vdev = dev_to_virtio(device);
	struct pci_dev *pdev = function_of(device);
	struct vdp_device *dev;

	vdp_lock();
	if (stopping) {
		vdp_unlock();
		return;
	}
	if (pdev) {
		dev = vdp_device_get(pdev);
		vdp_device_added(dev, vdev);
		vdp_quirk_apply(dev, vdev);
	} else {
		vdp_quirk_foreign(vdev);
	}
	vdp_unlock();
}

/* The virtio device may outlive its record: somebody may hold it. */
static void undo(struct device *device)
{
	vdp_lock();
	vdp_quirk_undo(dev_to_virtio(device));
	vdp_unlock();
}

/* A driver that is being bound is in our function: wait for it. */
static int undo_bound(struct device *device, void *unused)
{
	device_lock(device);
	undo(device);
	device_unlock(device);
	return 0;
}

static int virtio_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct device *device = data;
	struct pci_dev *pdev = function_of(device);

	if (action == BUS_NOTIFY_ADD_DEVICE) {
		adopt(device);
		show(device);
	} else if (action == BUS_NOTIFY_DEL_DEVICE && pdev) {
		hide(dev_to_virtio(device), pdev);
	} else if (action == BUS_NOTIFY_REMOVED_DEVICE) {
		undo(device);
	}
	return NOTIFY_DONE;
}

static void unbound(struct pci_dev *pdev)
{
	struct vdp_device *dev;

	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev)
		vdp_device_unbound(dev);
	vdp_unlock();
}

static void removed(struct pci_dev *pdev)
{
	struct vdp_device *dev;

	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev)
		vdp_device_drop(dev);
	vdp_unlock();
}

static int pci_event(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* The first device of a PHB that was hot-plugged. */
		vdp_seam_take(pdev);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		unbound(pdev);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		removed(pdev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block virtio_nb = { .notifier_call = virtio_event };
static struct notifier_block pci_nb = { .notifier_call = pci_event };

/* A device whose driver was there before the module came */
static void found_bound(struct device *device)
{
	struct pci_dev *pdev = function_of(device);
	struct vdp_device *dev;

	vdp_lock();
	dev = pdev ? vdp_device_get(pdev) : NULL;
	if (dev && !dev->decided)
		vdp_device_found_bound(dev, dev_to_virtio(device));
	vdp_unlock();
}

/*
 * Lists a device that was there before the module came. The locks keep the
 * function bound, drivers away, and the features from being negotiated meanwhile.
 */
static int list(struct device *device, void *unused)
{
	struct device *parent = device->parent;

	if (!parent)
		return 0;
	device_lock(parent);
	if (!device_is_registered(device))
		goto unlock;
	device_lock(device);
	if (device->driver)
		found_bound(device);
	else
		adopt(device);
	device_unlock(device);
	show(device);
unlock:
	device_unlock(parent);
	return 0;
}

/* Takes one device's files away; false when no record is left. */
static bool forget_one(void)
{
	struct virtio_device *vdev;
	struct vdp_device *dev;

	vdp_lock();
	dev = vdp_device_first();
	vdev = dev ? dev->vdev : NULL;
	if (vdev)
		get_device(&vdev->dev);
	else if (dev)
		vdp_device_drop(dev);
	vdp_unlock();
	if (vdev) {
		hide(vdev, function_of(&vdev->dev));
		put_device(&vdev->dev);
	}
	return dev;
}

/**
 * vdp_notify_start() - watch the buses
 *
 * Return: 0, or a negative error with nothing left behind.
 */
int vdp_notify_start(void)
{
	int error;

	error = register_virtio_driver(&bus_finder);
	if (error)
		return error;
	error = bus_register_notifier(bus_finder.driver.bus, &virtio_nb);
	if (error)
		goto unregister_driver;
	error = bus_register_notifier(&pci_bus_type, &pci_nb);
	if (error)
		goto unregister_virtio;
	return 0;

unregister_virtio:
	bus_unregister_notifier(bus_finder.driver.bus, &virtio_nb);
unregister_driver:
	unregister_virtio_driver(&bus_finder);
	return error;
}

/**
 * vdp_notify_list() - list the devices that are there, once the buses are watched
 */
void vdp_notify_list(void)
{
	bus_for_each_dev(bus_finder.driver.bus, NULL, NULL, list);
}

/**
 * vdp_notify_stop() - stop watching and forget all devices
 *
 * Devices keep the mode they run with: it lives in the kernel's direct mapping
 * and in the hypervisor, not in this module. Those in mode bounce hold it.
 */
void vdp_notify_stop(void)
{
	mutex_lock(&files_lock);
	vdp_lock();
	stopping = true;
	vdp_unlock();
	mutex_unlock(&files_lock);
	bus_for_each_dev(bus_finder.driver.bus, NULL, NULL, undo_bound);
	while (forget_one())
		;
	bus_unregister_notifier(&pci_bus_type, &pci_nb);
	bus_unregister_notifier(bus_finder.driver.bus, &virtio_nb);
	unregister_virtio_driver(&bus_finder);
}
