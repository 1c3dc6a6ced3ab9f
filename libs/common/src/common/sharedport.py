"""A port that a process and the one that takes over from it listen on together, and leaving it without a loss.

Closing a listening socket resets the connections that the kernel made but nobody accepted yet, and until it is closed
the kernel goes on giving it its share of new ones. So who leaves first has the kernel send newcomers to the other
process (socket(7), SO_ATTACH_REUSEPORT_CBPF), and then lets in all who still wait at its own door.
"""

import contextlib
import ctypes
import socket
import struct

_SO_ATTACH_REUSEPORT_CBPF = 51  # asm-generic/socket.h; Python has no name for it
_RETURN_CONSTANT = 0x06  # BPF_RET | BPF_K
# Sockets are numbered by when they began to listen, and the last one takes the number of one that closes: of two
# the one that stays is always 1. A number that nobody has leaves the choice to the kernel, so one alone loses nothing.
_THE_OTHER = 1
_TCP_INFO_SIZE = 104
_WAITING_OFFSET = 24  # tcpi_unacked: of a listening socket the connections that nobody accepted yet


def shared_socket(host: str, port: int) -> socket.socket:
    """Return a socket on a port that several processes may listen on; the kernel spreads connections over them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # uvloop sets TCP_NODELAY only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener


def steer_away(listener: socket.socket) -> None:
    """Have all new connections to this shared port go to the other process that listens on it, if there is one.

    Where the kernel does not let us, they are spread over both as before.
    """
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN_CONSTANT, 0, 0, _THE_OTHER))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)


def waiting(listener: socket.socket) -> int:
    """Return how many connections were made to a listening socket that nobody accepted yet."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
    number: int = struct.unpack_from("I", info, _WAITING_OFFSET)[0]
    return number
