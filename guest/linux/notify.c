// SPDX-License-Identifier: GPL-2.0
/*
 * Notices devices that come, go, bind and unbind, on the PCI and the virtio bus.
 */
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include "pool.h"
#include "vdp.h"

/*
 * Matches no device. The virtio bus is not exported; registering a driver is the way to
 * find it.
 */
static const struct virtio_device_id no_ids[] = { { 0 } };
static struct virtio_driver bus_finder = {
	.driver.name = KBUILD_MODNAME,
	.id_table = no_ids,
};

static struct pci_dev *notify_function(const struct device *device)
{
	struct device *parent = device->parent;

	return parent && dev_is_pci(parent) ? to_pci_dev(parent) : NULL;
}

/*
 * Lock order: device locks, then files_lock, then the lock of device.c. files_lock is held
 * while sysfs files are added or removed.
 */
static DEFINE_MUTEX(files_lock);
/* Written under both locks, read under either. */
static bool stopping;

static void notify_show(struct device *device)
{
	struct virtio_device *vdev = dev_to_virtio(device);
	struct pci_dev *pdev = notify_function(device);
	struct vdp_device *dev;
	int error;

	if (!pdev)
		return;
	mutex_lock(&files_lock);
	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev && !dev->vdev && !stopping) {
		dev->vdev = vdev;
		error = vdp_sysfs_add(vdev);
		if (error)
			pci_warn(pdev, "cannot create sysfs files: %d; the mode is not affected\n",
				 error);
		dev->shown = !error;
	}
	vdp_unlock();
	mutex_unlock(&files_lock);
}

static void notify_hide(struct virtio_device *vdev, struct pci_dev *pdev)
{
	struct vdp_device *dev;
	bool shown = false;

	mutex_lock(&files_lock);
	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev && dev->vdev == vdev) {
		shown = dev->shown;
		dev->vdev = NULL;
		dev->shown = false;
	}
	vdp_unlock();
	if (shown)
		vdp_sysfs_remove(vdev);
	mutex_unlock(&files_lock);
}

/* Before the device is offered to a driver, or before that driver probes it. */
static void notify_adopt(struct device *device)
{
	struct virtio_device *vdev = dev_to_virtio(device);
	struct pci_dev *pdev = notify_function(device);
	struct vdp_device *dev;

	vdp_lock();
	if (stopping) {
		vdp_unlock();
		return;
	}
	if (pdev) {
		dev = vdp_phb_device(pdev);
		vdp_device_added(dev, vdev);
		vdp_features_apply(dev, vdev);
	} else {
		vdp_features_apply_non_pci(vdev);
	}
	vdp_unlock();
}

/* The virtio device may outlive its record, if somebody holds a reference. */
static void notify_undo(struct device *device)
{
	vdp_lock();
	vdp_features_undo(dev_to_virtio(device));
	vdp_unlock();
}

/* A driver that is being bound may be in our functions: wait for it. */
static int notify_undo_bound(struct device *device, void *unused)
{
	device_lock(device);
	notify_undo(device);
	device_unlock(device);
	return 0;
}

static int notify_virtio(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct device *device = data;
	struct pci_dev *pdev = notify_function(device);

	if (action == BUS_NOTIFY_ADD_DEVICE) {
		notify_adopt(device);
		notify_show(device);
	} else if (action == BUS_NOTIFY_BIND_DRIVER) {
		/* It may have had a driver when the module was loaded. */
		notify_adopt(device);
	} else if (action == BUS_NOTIFY_DEL_DEVICE && pdev) {
		notify_hide(dev_to_virtio(device), pdev);
	} else if (action == BUS_NOTIFY_REMOVED_DEVICE) {
		notify_undo(device);
	}
	return NOTIFY_DONE;
}

static void notify_unbound(struct pci_dev *pdev)
{
	struct vdp_device *dev;

	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev)
		vdp_device_unbound(dev);
	vdp_unlock();
}

static void notify_removed(struct pci_dev *pdev)
{
	struct vdp_device *dev;

	vdp_lock();
	dev = vdp_device_find(pdev);
	if (dev)
		vdp_device_drop(dev);
	vdp_unlock();
	vdp_pool_detach(&pdev->dev);
}

static int notify_pci(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		/* The first device of a PHB that was hot-plugged. */
		vdp_phb_hook(pdev);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		notify_unbound(pdev);
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		notify_removed(pdev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block virtio_nb = { .notifier_call = notify_virtio };
static struct notifier_block pci_nb = { .notifier_call = notify_pci };

/* A device that was bound before this module was loaded */
static void notify_adopt_bound(struct device *device)
{
	struct pci_dev *pdev = notify_function(device);
	struct vdp_device *dev;

	vdp_lock();
	dev = pdev ? vdp_phb_device(pdev) : NULL;
	if (dev && !dev->decided)
		vdp_device_adopt_bound(dev, dev_to_virtio(device));
	vdp_unlock();
}

/*
 * Adopts a device that was there before this module. The locks keep the function bound,
 * and drivers from binding and negotiating features meanwhile.
 */
static int notify_list_one(struct device *device, void *unused)
{
	struct device *parent = device->parent;

	if (!parent)
		return 0;
	device_lock(parent);
	if (!device_is_registered(device))
		goto unlock;
	device_lock(device);
	if (device->driver)
		notify_adopt_bound(device);
	else
		notify_adopt(device);
	device_unlock(device);
	notify_show(device);
unlock:
	device_unlock(parent);
	return 0;
}

/* Removes the files or the record of one device; false when no record is left. */
static bool notify_remove_one(void)
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
		notify_hide(vdev, notify_function(&vdev->dev));
		put_device(&vdev->dev);
	}
	return dev;
}

/*
 * Waits for drivers that are in probe or remove, by taking the lock of each PCI function
 * once, which both of these hold.
 */
static void notify_wait(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		device_lock(&pdev->dev);
		device_unlock(&pdev->dev);
	}
}

/**
 * vdp_notify_start() - watch the buses
 *
 * Return: 0, or a negative error; then nothing is watched.
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
 * vdp_notify_list() - adopt the devices that are there, once the buses are watched
 */
void vdp_notify_list(void)
{
	bus_for_each_dev(bus_finder.driver.bus, NULL, NULL, notify_list_one);
}

/**
 * vdp_notify_stop() - stop watching and drop all records
 *
 * Devices keep their mode, which is a matter of the kernel's direct mapping and of the
 * hypervisor. Those in mode bounce hold the module.
 */
void vdp_notify_stop(void)
{
	/* A probe that was decided about also has its virtio device adopted. */
	notify_wait();
	mutex_lock(&files_lock);
	vdp_lock();
	stopping = true;
	vdp_unlock();
	mutex_unlock(&files_lock);
	bus_for_each_dev(bus_finder.driver.bus, NULL, NULL, notify_undo_bound);
	/* A device that is being removed is not on the bus, but its function is locked. */
	notify_wait();
	while (notify_remove_one())
		;
	bus_unregister_notifier(&pci_bus_type, &pci_nb);
	bus_unregister_notifier(bus_finder.driver.bus, &virtio_nb);
	unregister_virtio_driver(&bus_finder);
}
