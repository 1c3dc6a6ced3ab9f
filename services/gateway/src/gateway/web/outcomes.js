// What came of a way to a provider and back, in words.

const PROVIDERS = { google: "Google", strava: "Strava" };
const AGAIN = "Start again: there are ten minutes from then, in the same browser.";

const STRAVA = {
  connected: "Strava is connected. Your activities will follow.",
  denied: "Strava was not connected: you did not give the permission.",
  scope_missing: "Strava was not connected: leave “View data about your activities” ticked, there is nothing to fetch without it.",
  athlete_taken: "Strava was not connected: this Strava athlete belongs to another account here.",
  at_capacity: "Strava was not connected: the operator's Strava application may not have more athletes. Files work.",
};

const REFUSALS = {
  "auth.provider_off": "Signing in with this provider is switched off here.",
  "auth.provider_denied": "You were not signed in: access was not granted there.",
  "auth.oauth_cookie_missing": "This browser began no sign-in. Allow cookies of this site and start again, all of it in one browser.",
  "auth.oauth_state_unknown": `This way back was not started here. ${AGAIN}`,
  "auth.oauth_state_expired": `Too much time has passed. ${AGAIN}`,
  "auth.oauth_state_used": "This way back was used already. You may be signed in; else start again.",
  "auth.oauth_code_refused": `The provider does not accept the answer it gave. ${AGAIN}`,
  "auth.id_token_refused": "What the provider says cannot be trusted. If it stays so, tell whoever runs this server.",
  "auth.provider_unavailable": "The provider does not answer just now. Try again in a few minutes, or sign in another way.",
  "auth.provider_email_unverified": "The provider has not verified your address. Verify it there and start again.",
  "auth.link_needed": "You have an account here already, it seems. Sign in as before, then link the provider under “Account”.",
  "auth.account_disabled": "This account is disabled. Ask whoever runs this server.",
  "auth.identity_taken": "It belongs to another account here. Sign in with it and unlink it there first.",
  "auth.provider_linked": "Another account of that provider is linked already. Unlink it first.",
  "auth.session_ended": "The session that began this has ended. Sign in and link the provider again.",
};

// Whoever made the address could have written anything into it.
const codeOf = (text) => (/^[\w.]{1,60}$/.test(text) ? text.replaceAll("_", " ") : "for a reason that nobody knows");

export const nameOf = (provider) => PROVIDERS[provider] ?? provider;

/** Take what came of it out of the address bar and return it in words, "" when nobody comes from a provider. */
export function takeOutcome() {
  const asked = new URLSearchParams(location.search);
  const [strava, linked, refused] = ["strava", "linked", "error"].map((name) => asked.get(name));
  if (strava || linked || refused || asked.has("signed_in")) history.replaceState(null, "", `/${location.hash}`);
  if (strava) return STRAVA[strava] ?? `Strava was not connected (${codeOf(strava)}). Try again.`;
  if (linked) return `${PROVIDERS[linked] ?? "The provider"} is linked: you can sign in with it from now on.`;
  if (refused) return REFUSALS[refused] ?? `The sign-in did not work (${codeOf(refused)}). Try again.`;
  return "";
}
