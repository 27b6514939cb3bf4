# SPDX-License-Identifier: GPL-2.0-or-later
"""A network card over vhost-user that nothing goes through."""

from __future__ import annotations

from tests.lib.peers.vhost_user import F_INDIRECT_DESC, F_VERSION_1, VhostDevice
from tests.lib.peers.vhost_user_ring import Ring

# Virtio 1.2, 5.1.3
F_CSUM = 1 << 1
F_GUEST_TSO4 = 1 << 7
F_MRG_RXBUF = 1 << 15
F_MQ = 1 << 22


class IdleCard(VhostDevice):
    """PAIRS of queues, and FEATURES besides those of every card."""

    def __init__(self, pairs: int = 1, features: int = 0) -> None:
        features |= F_VERSION_1 | F_INDIRECT_DESC | (F_MQ if pairs > 1 else 0)
        super().__init__(queues=2 * pairs, features=features)

    def serve(self, ring: Ring) -> bool:
        """See VhostDevice."""
        return False
