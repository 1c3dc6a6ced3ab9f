// Where the account is signed in.

import { attempt, say } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, fill } from "./dom.js";
import { moment } from "./format.js";
import { nameOf } from "./outcomes.js";

export async function showDevices() {
  const { items } = await api.get("/auth/sessions?limit=100");
  fill("devices", items, (devices) => devices.map(deviceItem));
}

function deviceItem({ id, device, address, method, created_at: since, last_used_at: used, current }) {
  const how = method === "password" ? "" : ` with ${nameOf(method)}`;
  const control = current ? element("span", {}, "this one")
    : button("Sign out", () => attempt(() => signOut(id, device)), { label: `Sign out ${device}` });
  return element("li", {}, element("div", {}, element("strong", {}, device),
    element("p", { className: "quiet" }, `signed in ${moment(since)}${how}`),
    element("p", { className: "quiet" }, `last used ${moment(used)} · ${address}`)), control);
}

async function signOut(id, device) {
  await api.remove(`/auth/sessions/${id}`);
  await showDevices();
  $("devices-title").focus();
  say(`${device} is signed out.`);
}
