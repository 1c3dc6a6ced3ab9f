"""Codes of passwords, second factors, mails and personal access tokens."""

from contracts.errors.row import ErrorCode

CREDENTIALS = {
    "auth.too_many_tries": ErrorCode(
        429,
        "Too many failed tries",
        "Signing in failed several times for this account or from this address. The wait grows up to 15 minutes, and "
        "even the right password is refused until it is over; no account is ever locked for good.",
        "Wait for the time named in Retry-After, then try again.",
        retryable=True,
    ),
    "auth.link_invalid": ErrorCode(
        400,
        "This link does not work any more",
        "The token of a mail is unknown, was used, or is older than a day (confirming) or an hour (new password).",
        "Ask for a new mail.",
    ),
    "auth.password_common": ErrorCode(
        422,
        "This password is easy to guess",
        "It is on the list of common passwords, or made of an entry, your name, your address or a sequence of keys.",
        "Take several words that do not belong together, or let a password manager make one.",
    ),
    "auth.password_wrong": ErrorCode(
        403,
        "The password is wrong",
        "What was asked needs the present password as well as the sign-in.",
        "Check it and try again, or ask for a mail to set a new one.",
    ),
    "auth.sign_in_again": ErrorCode(
        403,
        "This needs a sign-in of the last ten minutes",
        "The account has no password, and what was asked would need it: a new sign-in stands in for it.",
        "Sign in again as you did before, then repeat it within ten minutes.",
    ),
    "auth.address_missing": ErrorCode(
        409,
        "This account has no address to sign in with",
        "The provider told no mail address, and signing in with a password needs one.",
        "Link another provider instead.",
    ),
    "auth.totp_required": ErrorCode(
        401,
        "A code of the second factor is needed",
        "Address and password are right, and the account has the second factor on.",
        "Send the code of the authenticator app, or a recovery code, in totp.",
    ),
    "auth.totp_refused": ErrorCode(
        401,
        "The code of the second factor is wrong",
        "On signing in the code was wrong, too old or used before. Each code works once.",
        "Wait for the app to show the next code; check that the device's clock is right. A recovery code works too.",
    ),
    "auth.totp_on": ErrorCode(
        409,
        "The second factor is on already",
        "There is a confirmed authenticator app; a second one cannot be added.",
        "Turn it off first to set it up anew.",
    ),
    "auth.totp_off": ErrorCode(
        409,
        "The second factor is not set up",
        "There is no secret to confirm, or nothing to turn off.",
        "Ask for a secret with POST /api/v1/auth/totp, put it into an authenticator app and confirm with a code.",
    ),
    "auth.code_wrong": ErrorCode(
        403,
        "The code is wrong",
        "The code for turning the second factor on or off was wrong, too old or used before.",
        "Take the code that the app shows now; check that the device's clock is right.",
    ),
    "auth.too_many_tokens": ErrorCode(
        409,
        "There are 50 personal access tokens already",
        "An account may have 50 of them at a time.",
        "Delete one that is not used any more.",
    ),
}
