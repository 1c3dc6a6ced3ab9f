"""What every error code of the platform means: one table, shown by ``page()`` and in docs/errors.md.

A problem document's ``type`` leads to the code's place on the page: ``/docs/errors#auth.token_expired``.
"""

from contracts.errors.html import page
from contracts.errors.row import ErrorCode, Family
from contracts.errors.table import CODES, FAMILIES

__all__ = ["CODES", "FAMILIES", "ErrorCode", "Family", "page"]
