import subprocess
import sys

FRESH = """
import asyncio
from auth.passwords import Passwords

class Settings:
    argon2_memory_kib, argon2_time_cost, argon2_parallelism, password_hashing_at_once = 64, 1, 1, 2

print(asyncio.run(Passwords(Settings()).verify("whatever", None)))
"""


def test_the_first_sign_in_of_a_process_may_be_of_an_unknown_account() -> None:
    """The hashing backend is loaded by its first use, and only a new process has not used it yet."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
