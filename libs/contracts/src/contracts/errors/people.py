"""Codes of sign-in with a provider, and of what administrators do with accounts."""

from contracts.errors.row import FOREIGN, ErrorCode

_AGAIN = "Start again: there are ten minutes from then, in the same browser."

PROVIDERS = {
    "auth.provider_off": ErrorCode(
        404,
        "Sign-in with this provider is switched off",
        "The operator has given no application of this provider in the settings.",
        "Sign in another way; docs/sign-in.md says how a provider is switched on.",
    ),
    "auth.return_refused": ErrorCode(
        422,
        "The sign-in cannot lead back to this address",
        "return_to is neither the application itself nor one of the listed addresses.",
        "Leave return_to out, or name an address that the operator listed in SIGN_IN_TARGETS.",
    ),
    "auth.provider_denied": ErrorCode(
        403,
        "Access was not granted at the provider",
        "The person said no on the provider's page.",
        "Start again and agree there, or sign in another way.",
    ),
    "auth.oauth_cookie_missing": ErrorCode(
        400,
        "This browser began no sign-in",
        "The way back came without the cookie that the way there set: another browser, or cookies are not allowed.",
        "Allow cookies of this site and start again, all of it in one browser.",
    ),
    "auth.oauth_state_unknown": ErrorCode(
        400,
        "This way back was not started here",
        "The state was not given to this browser, or for another provider.",
        _AGAIN,
    ),
    "auth.oauth_state_expired": ErrorCode(
        400,
        "Too much time has passed at the provider",
        "More than ten minutes lie between the way there and the way back.",
        _AGAIN,
    ),
    "auth.oauth_state_used": ErrorCode(
        400,
        "This way back was used already",
        "A state is good once; a page that was loaded again brings it a second time.",
        "You may be signed in already; else start again.",
    ),
    "auth.oauth_code_refused": ErrorCode(
        400,
        "The provider does not accept the code",
        "The code was used before, is too old, or was given for another sign-in.",
        _AGAIN,
    ),
    "auth.id_token_refused": ErrorCode(
        403,
        "What the provider says cannot be trusted",
        "The ID token is not signed by the provider, not for this application, not of now or not of this sign-in.",
        "Start again. If it keeps failing, the operator should check the provider's settings.",
    ),
    "auth.provider_unavailable": ErrorCode(
        503,
        "The provider does not answer at the moment",
        "The provider cannot be reached, takes too long, or answers what makes no sense.",
        "Try again in a few minutes, or sign in another way.",
        retryable=True,
    ),
    "auth.provider_email_unverified": ErrorCode(
        403,
        "The provider has not verified your address",
        "An account is made only for an address that the provider has verified.",
        "Verify the address at the provider and start again, or register with a password.",
    ),
    "auth.link_needed": ErrorCode(
        409,
        "There is an account already that this may belong to",
        "An account has this address or this athlete's activities, but nobody has proven that both are one person.",
        "Sign in to it as before and link the provider there. It is not linked without your sign-in.",
    ),
    "auth.account_disabled": ErrorCode(
        403,
        "This account is disabled",
        "An administrator has disabled it, or it is being deleted; the password is refused too.",
        "Ask the operator to enable it.",
    ),
    "auth.identity_taken": ErrorCode(
        409,
        "This account at the provider is linked to another account here",
        "Each account at a provider signs in to one account here.",
        "Sign in with it and unlink it there first.",
    ),
    "auth.provider_linked": ErrorCode(
        409,
        "Another account at this provider is linked already",
        "An account here has one account of each provider.",
        "Unlink it first, then link the other one.",
    ),
    "auth.session_ended": ErrorCode(
        401,
        "The session that began this has ended",
        "Linking belongs to the session that asked for it, which was ended in between.",
        "Sign in and link the provider again.",
    ),
    "auth.provider_not_linked": ErrorCode(
        404,
        "This provider is not linked",
        "There is nothing to unlink.",
        "GET /api/v1/auth/oauth lists what is.",
    ),
    "auth.last_sign_in": ErrorCode(
        409,
        "This is the only way to sign in to the account",
        "Without it nobody could sign in to the account any more.",
        "Link another provider first. Where the account has an address you can set a password instead, within ten "
        "minutes of a sign-in.",
    ),
    "auth.not_through_provider": ErrorCode(
        409,
        "This session was not made through Strava",
        "POST /strava/logout ends only sessions that began with a sign-in with Strava.",
        "End it with POST /api/v1/auth/logout.",
    ),
}

PEOPLE = {
    "auth.account_missing": ErrorCode(
        404,
        "There is no such account",
        f"No account has this id. {FOREIGN}",
        "Look it up in GET /api/v1/admin/users.",
    ),
    "auth.last_admin": ErrorCode(
        409,
        "This is the last administrator",
        "Somebody has to be able to administer.",
        "Make somebody else an administrator first.",
    ),
    "auth.export_not_found": ErrorCode(
        404,
        "There is no such export",
        f"No export has this id, or its archive is not ready or has had its seven days. {FOREIGN}",
        "Ask for a new one with POST /api/v1/auth/export.",
    ),
    "auth.deletion_not_found": ErrorCode(
        404,
        "There is no such deletion",
        "The address does not hold, or the report has had its thirty days.",
        "Use the status_url that the deletion was answered with.",
    ),
    "auth.own_account": ErrorCode(
        409,
        "Administrators cannot disable themselves",
        "Whoever disables an account must be able to enable it again.",
        "Ask another administrator to do it.",
    ),
}
