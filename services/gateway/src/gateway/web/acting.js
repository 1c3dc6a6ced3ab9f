// Doing what a person asks for, and saying in words what goes wrong with it.

import * as api from "./api.js";
import { $, element, excuse } from "./dom.js";

const AWAY = "Not available just now. It will be shown here as soon as it is.";
const SESSION_OVER = "The session has ended. Sign in again.";
let leave = () => {};

/** Have `act` called, with what is to be said, when nobody is signed in any more. */
export function whenSessionEnds(act) {
  leave = act;
}

/** Go on as nobody; the text says why. */
export function endSession(text = SESSION_OVER) {
  api.forgetSession();
  leave(text);
}

/** Whether somebody is signed in, as far as the page shows. */
export const isSignedIn = () => !$("menu").hidden;

export function say(text) {
  if ($("notice").textContent !== text) $("notice").textContent = text;
  $("notice").hidden = !text;
}

/** Do something a person asked for; what goes wrong is said in words, and a lost session asks to sign in. */
export async function attempt(work) {
  try {
    say("");
    await work();
  } catch (error) {
    if (error.status === 401 && isSignedIn()) return endSession();
    say(error.message);
    if (!(error instanceof api.Refused)) throw error;
  }
}

/** Show a part of the page. One that cannot be read says so in its place; the others work. */
export async function showPart(id, show) {
  try {
    await show();
  } catch (error) {
    if (error.status === 401) throw error;
    excuse(id, api.isAway(error) ? AWAY : error.message);
    if (!(error instanceof api.Refused)) throw error;
  }
}

/** A form that does `work` with its values, once at a time. */
export function form(work, ...children) {
  const made = element("form", {}, ...children);
  whenSubmitted(made, work);
  return made;
}

export function whenSubmitted(made, work) {
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (made.ariaBusy) return;
    made.ariaBusy = "true";
    await attempt(() => work(Object.fromEntries(new FormData(made)))).finally(() => { made.ariaBusy = null; });
  });
}

/** Copy what a part of the page says; where the browser does not allow it, select it. */
export async function copy(part) {
  const { innerText: text } = part;
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } else {
    getSelection().selectAllChildren(part);
    say("Selected: copy it with the keyboard or the menu of the browser.");
  }
}
