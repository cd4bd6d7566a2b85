"""Print the credentials of an account that a fleet hands out: SOCKET ACCOUNT_ID.

The AWS SDKs run this file as a profile's `credential_process`, without anything installed.
"""

import socket
import sys

GIVEN, REFUSED = "given", "refused"


def main(path: str, account_id: str) -> int:
    """Ask at the socket; print what is given, or say on stderr why it is refused."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(f"{account_id}\n".encode())
            outcome, _, text = connection.makefile(encoding="utf-8").read().partition("\n")
    except OSError:
        outcome, text = "", f"account {account_id}: the fleet that gave its credentials has ended"
    print(text, file=sys.stdout if outcome == GIVEN else sys.stderr)
    return outcome != GIVEN


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
