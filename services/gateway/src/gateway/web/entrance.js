// Coming in: by password and code, through a provider, as somebody new, with a new password by mail.

import { attempt, form as formOf, say, whenSubmitted } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, field, forget, newPasswordField } from "./dom.js";
import { nameOf } from "./outcomes.js";

const TITLES = { password: "Sign in", register: "Register", code: "Second factor" };
const NO_MAIL = "This server sends no mail. Ask whoever runs it to set a new password for you.";
const SENT = "If the address has an account, a mail with a link is on its way. It works once, within an hour.";
const REGISTERED = "The e-mail address is not confirmed yet. A mail is on its way to it that says how to go on: open its link, then sign in.";
const SENT_AGAIN = "If the address still waits to be confirmed, a mail is on its way; at most one goes out each minute.";
const form = $("sign-in");
let sendsMail = true;
let enter = async () => {};

/** Prepare the form; `act` is called once somebody is signed in. */
export function watchEntrance(act) {
  enter = act;
  whenSubmitted(form, signIn);
  $("register").addEventListener("click", () => go(form.dataset.step === "register" ? "password" : "register"));
  $("recovery").addEventListener("click", askForRecoveryCode);
  $("back").addEventListener("click", showEntrance);
  $("forgotten").addEventListener("click", () => attempt(showForgotten));
  $("send-again").addEventListener("click", () => attempt(sendAgain));
}

/** Show the form for signing in, and what else this server offers. */
export function showEntrance() {
  forget(["beside"]);
  form.reset();
  form.hidden = false;
  $("unconfirmed").hidden = true;
  go("password");
  offer();
}

// Without an answer there is the password.
async function offer() {
  try {
    const { providers, mail } = await api.get("/auth/options");
    sendsMail = mail;
    $("providers").replaceChildren(...providers.map(wayIn));
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
  }
}

const wayIn = (provider) => element("a",
  { className: `button ${provider}`, href: `/api/v1/auth/oauth/${provider}/start` }, `Sign in with ${nameOf(provider)}`);

/** Turn to a step of the form: the parts that belong to others are hidden. */
function go(step) {
  form.dataset.step = step;
  for (const part of form.querySelectorAll("[data-in]")) part.hidden = !part.dataset.in.split(" ").includes(step);
  const { email, password, totp } = form.elements;
  password.autocomplete = step === "register" ? "new-password" : "current-password";
  totp.required = step === "code";
  totp.value = "";
  totp.inputMode = "numeric";
  $("sign-in-title").textContent = TITLES[step];
  form.querySelector(".main").textContent = step === "register" ? "Register" : "Sign in";
  $("register").textContent = step === "register" ? "Sign in instead" : "New here? Register";
  (step === "code" ? totp : email).focus();
}

async function signIn({ email, password, display_name: name, totp }) {
  const isNew = form.dataset.step === "register";
  if (isNew) {
    await api.register({ email, password, display_name: name || email.split("@")[0] });
    go("password");
  }
  try {
    await api.signIn(email, password, totp);
  } catch (error) {
    if (error.code === "auth.totp_required") return go("code");
    if (error.code === "auth.totp_refused") form.elements.totp.select();
    if (error.code === "auth.login_refused") go("password");
    // An address that waits to be confirmed is refused like a wrong password, so that nobody learns who has an account.
    const mayWait = sendsMail && error.code === "auth.login_refused";
    $("unconfirmed").hidden = !mayWait;
    if (isNew && mayWait) return say(REGISTERED);
    throw error;
  }
  showEntrance();
  await enter();
}

// Recovery codes have letters, which a keyboard of digits has not.
function askForRecoveryCode() {
  const { totp } = form.elements;
  totp.inputMode = "text";
  totp.value = "";
  totp.focus();
}

async function sendAgain() {
  await api.post("/auth/verify-email", { email: form.elements.email.value });
  say(SENT_AGAIN);
}

function showBeside(title, ...content) {
  form.hidden = true;
  $("beside").replaceChildren(element("h2", {}, title), ...content);
  $("beside").querySelector("input").focus();
}

const backToSignIn = () => button("Back", () => { say(""); showEntrance(); });

async function showForgotten() {
  if (!sendsMail) return say(NO_MAIL);
  const ask = async ({ email }) => {
    await api.post("/auth/password/forgot", { email });
    showEntrance();
    say(SENT);
  };
  showBeside("Forgotten the password?", formOf(ask,
    field("E-mail", { name: "email", type: "email", autocomplete: "username", required: true, value: form.elements.email.value }),
    element("p", { className: "buttons" }, element("button", { className: "main" }, "Send the mail"), backToSignIn())));
}

/** Ask for a new password; the token is the mail's. */
export function showReset(token) {
  const set = async ({ new_password: password }) => {
    await api.post("/auth/password/reset", { token, new_password: password });
    showEntrance();
    say("The new password is set, and all devices are signed out. Sign in with it.");
  };
  showBeside("Set a new password", formOf(set, newPasswordField("New password"),
    element("p", { className: "buttons" }, element("button", { className: "main" }, "Set the password"), backToSignIn())));
}
