// Taking everything along, and leaving for good.

import { attempt, endSession, form, isSignedIn, say } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, field, fill, passwordField } from "./dom.js";
import { date, megabytes } from "./format.js";

const POLL_MS = 700;
const WHAT_GOES = "Deletes this account and everything in it: activities, files, plans, best efforts, pictures, documents, tokens. There is no way back.";
/** What stands in for the password of an account that has none. */
export const SIGN_IN_FIRST = "sign out, sign in again and do it within ten minutes";

export function showExport() {
  fill("export", null, () => [
    element("p", {}, "All that is kept of you, in one ZIP: JSON, CSV and the files you gave."),
    element("p", { id: "export-state" }, button("Gather my data", () => attempt(gather)))]);
}

async function gather() {
  const { id } = await api.post("/auth/export");
  const bar = element("progress", { max: 1, value: 0, label: "Progress of gathering" });
  $("export-state").replaceChildren("Gathering… ", bar);
  const job = await api.follow(`/auth/export/${id}`, POLL_MS, (answer) => {
    if (answer) bar.value = answer.progress;
    return !bar.isConnected || (answer && !["queued", "running"].includes(answer.state));
  });
  if (bar.isConnected) showGathered(job);
}

function showGathered(job) {
  const again = button("Gather anew", () => attempt(gather));
  if (job.state !== "done") return $("export-state").replaceChildren(`It did not work: ${job.reason ?? job.state} `, again);
  const link = element("a", { href: job.download_url, download: "" }, `Download (${megabytes(job.size)})`);
  $("export-state").replaceChildren(link, ` until ${date(job.expires_at)} `, again);
  link.focus();
}

/** Show the form; who has no password signs in again first. */
export function showDeletion(hasPassword) {
  fill("deletion", hasPassword, () => [element("p", {}, WHAT_GOES), form(leave,
    hasPassword ? passwordField("Password", { name: "password" })
      : element("p", {}, `This account has no password. To delete it, ${SIGN_IN_FIRST}.`),
    field("I want all of it deleted", { name: "sure", type: "checkbox", required: true }),
    element("button", { className: "danger" }, "Delete my account"))]);
}

async function leave({ password }) {
  const { status_url: address } = await api.remove("/auth/me", { password });
  endSession("Your account is being deleted. You may close this page.");
  await api.follow(address.replace(/^\/api\/v1/, ""), POLL_MS, (answer) => {
    if (isSignedIn()) return true; // somebody else goes on here
    if (answer) say(wordsFor(answer));
    return answer?.state === "done";
  });
}

const wordsFor = ({ state, progress }) => (state === "done"
  ? "Your account and everything in it are deleted."
  : `Your account is being deleted: ${Math.round(progress * 100)} %. You may close this page.`);
