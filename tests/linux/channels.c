// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets how many pairs of queues a network card uses.
 *
 * usage: channels INTERFACE PAIRS
 */
#include <err.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq request = { .ifr_data = (char *)&channels };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 3)
		errx(1, "usage: channels INTERFACE PAIRS");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", argv[1]);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request))
		err(1, "ETHTOOL_GCHANNELS");
	channels.cmd = ETHTOOL_SCHANNELS;
	channels.combined_count = atoi(argv[2]);
	if (ioctl(fd, SIOCETHTOOL, &request))
		err(1, "ETHTOOL_SCHANNELS");
	return 0;
}
