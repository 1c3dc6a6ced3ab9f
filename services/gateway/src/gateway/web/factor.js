// The second factor: setting up an authenticator app, the recovery codes, turning it off.

import { attempt, copy, form, say } from "./acting.js";
import * as api from "./api.js";
import { $, button, codeField, element, fill, passwordField, renewAt } from "./dom.js";

const WHAT_FOR = "Signing in then asks for a code of an authenticator app besides the password.";
const KEEP = "Each of these works once in place of a code, should the app be lost. They are shown only now: keep them elsewhere than on that device.";

export async function showFactor(hasPassword) {
  if (!hasPassword) return fill("factor", null, () => "The provider that you sign in with has a second factor of its own.");
  fill("factor", await api.get("/auth/totp"), (state) => (state.on ? onContent(state) : offContent()));
}

async function showAnew() {
  renewAt("factor");
  await showFactor(true);
  $("factor-title").focus();
}

function offContent() {
  const begin = async (values) => showSetup(await api.post("/auth/totp", values));
  return [element("p", {}, `Off. ${WHAT_FOR}`),
    form(begin, passwordField("Password", { name: "password" }), element("button", {}, "Set up"))];
}

function showSetup({ secret, uri }) {
  const confirm = async (values) => showRecoveryCodes((await api.post("/auth/totp/confirm", values)).recovery_codes);
  $("factor").replaceChildren(
    element("p", {}, "Add Running Trainer to the app: ", element("a", { href: uri }, "open it on this device"),
      ", or type this secret into it."),
    element("p", {}, element("code", { id: "secret" }, secret.match(/.{1,4}/g).join(" "))),
    element("details", {}, element("summary", {}, "As an address"), element("code", { id: "otpauth" }, uri)),
    form(confirm, codeField("Code that the app shows"), element("p", { className: "buttons" },
      element("button", { className: "main" }, "Turn on"), button("Cancel", () => attempt(showAnew)))));
  $("factor").querySelector("input").focus();
}

function showRecoveryCodes(codes) {
  const list = element("ul", { className: "codes" }, ...codes.map((code) => element("li", {}, element("code", {}, code))));
  const kept = button("I have kept them", () => attempt(showAnew), { className: "main" });
  $("factor").replaceChildren(element("h3", { tabIndex: -1 }, "On. Recovery codes"), element("p", {}, KEEP), list,
    element("p", { className: "buttons" }, button("Copy", () => attempt(() => copy(list))), kept));
  $("factor").querySelector("h3").focus();
}

function onContent({ recovery_codes: left }) {
  const turnOff = async (values) => {
    await api.remove("/auth/totp", values);
    await showAnew();
    say("The second factor is off.");
  };
  return [element("p", {}, `On. ${left} recovery ${left === 1 ? "code is" : "codes are"} left.`),
    form(turnOff, passwordField("Password", { name: "password" }),
      codeField("Code of the app, or a recovery code", { inputMode: "text" }), element("button", {}, "Turn off"))];
}
