"""What can go wrong on the way to a provider and back."""

from common.errors import BadRequest, Conflict, Forbidden, InvalidInput, NotFound, Unauthorized, Unavailable

_AGAIN = "Start again: there are ten minutes from then, in the same browser."


class ProviderOff(NotFound):
    code = "auth.provider_off"
    title = "Sign-in with this provider is switched off"
    next_steps = "Sign in another way; the operator switches providers on in the settings."


class TargetRefused(InvalidInput):
    code = "auth.return_refused"
    title = "The sign-in cannot lead back to this address"
    next_steps = "Leave return_to out, or name an address that the operator listed in SIGN_IN_TARGETS."


class Denied(Forbidden):
    code = "auth.provider_denied"
    title = "Access was not granted at the provider"
    next_steps = "Start again and agree there, or sign in another way."


class BrowserUnknown(BadRequest):
    code = "auth.oauth_cookie_missing"
    title = "This browser began no sign-in"
    next_steps = "Allow cookies of this site and start again, all of it in one browser."


class StateUnknown(BadRequest):
    code = "auth.oauth_state_unknown"
    title = "This way back was not started here"
    next_steps = _AGAIN


class StateExpired(BadRequest):
    code = "auth.oauth_state_expired"
    title = "Too much time has passed at the provider"
    next_steps = _AGAIN


class StateUsed(BadRequest):
    code = "auth.oauth_state_used"
    title = "This way back was used already"
    next_steps = "You may be signed in already; else start again."


class CodeRefused(BadRequest):
    code = "auth.oauth_code_refused"
    title = "The provider does not accept the code"
    next_steps = _AGAIN


class IdTokenRefused(Forbidden):
    code = "auth.id_token_refused"
    title = "What the provider says cannot be trusted"
    next_steps = "Start again. If it keeps failing, the operator should check the provider's settings."


class ProviderUnavailable(Unavailable):
    code = "auth.provider_unavailable"
    title = "The provider does not answer at the moment"
    next_steps = "Try again in a few minutes, or sign in another way."


class EmailUnverified(Forbidden):
    code = "auth.provider_email_unverified"
    title = "The provider has not verified your address"
    next_steps = "Verify the address at the provider and start again, or register with a password."


class LinkNeeded(Conflict):
    code = "auth.link_needed"
    title = "There is an account already that this may belong to"
    next_steps = "Sign in to it as before and link the provider there. It is not linked without your sign-in."
    commits = True


class AccountDisabled(Forbidden):
    code = "auth.account_disabled"
    title = "This account is disabled"
    next_steps = "Ask the operator to enable it."
    commits = True


class IdentityTaken(Conflict):
    code = "auth.identity_taken"
    title = "This account at the provider is linked to another account here"
    next_steps = "Sign in with it and unlink it there first."


class AlreadyLinked(Conflict):
    code = "auth.provider_linked"
    title = "Another account at this provider is linked already"
    next_steps = "Unlink it first, then link the other one."


class SessionEnded(Unauthorized):
    code = "auth.session_ended"
    title = "The session that began this has ended"
    next_steps = "Sign in and link the provider again."


class NotLinked(NotFound):
    code = "auth.provider_not_linked"
    title = "This provider is not linked"
    next_steps = "GET /api/v1/auth/oauth lists what is."


class LastSignIn(Conflict):
    code = "auth.last_sign_in"
    title = "This is the only way to sign in to the account"
    next_steps = (
        "Link another provider first. Where the account has an address you can set a password instead, within ten "
        "minutes of a sign-in."
    )


class NotThroughProvider(Conflict):
    code = "auth.not_through_provider"
    title = "This session was not made through Strava"
    next_steps = "End it with POST /api/v1/auth/logout."
