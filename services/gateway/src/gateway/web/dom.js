// Making and filling parts of the page.

export const $ = (id) => document.getElementById(id);

const shown = new Map();

/** An element with properties and children; empty children are left out. */
export function element(name, properties = {}, ...children) {
  const { label, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  if (label) made.setAttribute("aria-label", label);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** A field with its label; the properties are the field's. */
export const field = (text, properties) => element("label", {}, text, " ", element("input", properties));

export const passwordField = (text, properties) => field(text,
  { type: "password", autocomplete: "current-password", maxLength: 256, required: true, ...properties });

/** A password that is to be set; `text` says which. */
export const newPasswordField = (text) => passwordField(text,
  { name: "new_password", autocomplete: "new-password", minLength: 12, placeholder: "12 characters or more, 15 recommended" });

/** A code of the second factor, as authenticator apps show it. */
export const codeField = (text, properties) => field(text, {
  name: "code", autocomplete: "one-time-code", inputMode: "numeric", minLength: 6, maxLength: 32, required: true,
  autocapitalize: "off", spellcheck: false, ...properties,
});

export const button = (text, onclick, properties = {}) => element("button", { type: "button", onclick, ...properties }, text);

/** What a part shows when there is nothing to show, or it cannot be read. */
function remark(id, text) {
  const line = { TBODY: "tr", UL: "li", OL: "li" }[$(id).tagName] ?? "p";
  const content = line === "tr" ? [element("td", { colSpan: 4 }, text)] : [text];
  return element(line, { className: "quiet" }, ...content);
}

const nameOf = (control) => `${control.tagName} ${control.getAttribute("aria-label") ?? control.textContent}`;

/** Show data in a part of the page, but leave the part alone while its data stays; the focus stays on what it was on. */
export function fill(id, data, make) {
  const now = JSON.stringify(data);
  if (shown.get(id) === now) return;
  const made = make(data);
  const focused = $(id).contains(document.activeElement) ? nameOf(document.activeElement) : "";
  $(id).replaceChildren(...(typeof made === "string" ? [remark(id, made)] : made));
  if (focused) [...$(id).querySelectorAll("a, button")].find((each) => nameOf(each) === focused)?.focus();
  shown.set(id, now);
}

/** Let a part be filled anew the next time, also with the same data. */
export const renewAt = (id) => shown.delete(id);

/** Say in a part's place why it cannot be shown. */
export function excuse(id, text) {
  renewAt(id);
  if ($(id).textContent !== text) $(id).replaceChildren(remark(id, text));
}

/** Empty parts of the page, whatever they showed: the next person must not see them. */
export function forget(ids) {
  for (const id of ids) {
    renewAt(id);
    $(id).replaceChildren();
  }
}
