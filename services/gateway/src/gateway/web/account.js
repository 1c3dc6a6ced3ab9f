// The account: who it is, the ways in, and everything else that is to be kept in hand.

import { attempt, endSession, form, say, showPart } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, fill, forget, newPasswordField, passwordField } from "./dom.js";
import { showDevices } from "./devices.js";
import { showFactor } from "./factor.js";
import { date } from "./format.js";
import { SIGN_IN_FIRST, showDeletion, showExport } from "./leaving.js";
import { nameOf } from "./outcomes.js";
import { keepPerson } from "./person.js";
import { showTokenForm, showTokens } from "./tokens.js";

const PARTS = ["person", "password", "factor", "devices", "new-token", "tokens", "export", "deletion"];

export function watchAccount() {
  $("everywhere").addEventListener("click", () => attempt(signOutEverywhere));
}

export async function showAccount() {
  await Promise.all([showPart("person", showPerson), showPart("devices", showDevices), showPart("tokens", showTokens)]);
}

/** Empty the view: secrets that it shows once must not stay. */
export const leaveAccount = () => forget(PARTS);

// What there is to do depends on who it is.
async function showPerson() {
  const [me, ways] = await Promise.all([api.get("/auth/me"), api.get("/auth/oauth")]);
  fill("person", { me, ways }, personContent);
  fill("password", [ways.password, me.email !== null], passwordContent);
  showTokenForm(me.roles);
  showExport();
  showDeletion(ways.password);
  await showPart("factor", () => showFactor(ways.password));
}

function personContent({ me, ways }) {
  return [
    element("dl", {}, element("dt", {}, "Name"), element("dd", {}, me.display_name),
      element("dt", {}, "E-mail"), element("dd", {}, me.email ?? "none")),
    heartRate(me.heartrate_opt_in),
    element("ul", { className: "rows" }, ...ways.items.filter((way) => way.available || way.linked_at).map(wayItem)),
  ];
}

function heartRate(checked) {
  const box = element("input", { type: "checkbox", checked, onchange: () => attempt(choose) });
  const choose = async () => {
    const wanted = box.checked;
    box.checked = !wanted; // until it is so
    const me = await api.change("/auth/me", { heartrate_opt_in: wanted });
    box.checked = me.heartrate_opt_in;
    keepPerson(me);
    say(wanted ? "The heart rate is shown with your activities." : "The heart rate is not shown any more.");
  };
  return element("label", { className: "choice" }, box, " Show the heart rate of activities");
}

function wayItem({ provider, linked_at: since }) {
  const name = nameOf(provider);
  const control = since
    ? button("Unlink", () => attempt(() => unlink(provider)), { label: `Unlink ${name}` })
    : button(`Link ${name}`, () => attempt(() => link(provider)));
  return element("li", {}, element("span", {}, name, " ",
    element("span", { className: "quiet" }, since ? `linked since ${date(since)}` : "not linked")), control);
}

async function link(provider) {
  location.assign((await api.get(`/auth/oauth/${provider}/start?link=true`)).url);
}

async function unlink(provider) {
  await api.remove(`/auth/oauth/${provider}`);
  await showPerson();
  $("account-title").focus();
  say(`${nameOf(provider)} is unlinked.`);
}

function passwordContent([hasPassword, hasAddress]) {
  if (!hasPassword) return hasAddress ? firstPasswordContent() : "This account has no password: you sign in through a provider.";
  const changing = form(async (values) => {
    await api.post("/auth/password", values);
    changing.reset();
    say("The password is changed. All other devices are signed out.");
    await showDevices();
  }, passwordField("Present password", { name: "current_password" }), newPasswordField("New password"),
  element("button", {}, "Change the password"));
  return [changing];
}

function firstPasswordContent() {
  return [element("p", {}, `This account has no password: you sign in through a provider. To set one, ${SIGN_IN_FIRST}.`),
    form(async (values) => {
      await api.post("/auth/password", values);
      await showPerson();
      await showDevices();
      $("account-title").focus();
      say("The password is set. All other devices are signed out.");
    }, newPasswordField("New password"), element("button", {}, "Set a password"))];
}

async function signOutEverywhere() {
  await api.post("/auth/logout-all");
  endSession("You are signed out everywhere.");
}
