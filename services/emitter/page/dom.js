// SPDX-License-Identifier: Apache-2.0

/// The few DOM operations every view uses. Text only ever enters as text, never as markup.

/// The element with this role inside `root`.
export const role = (root, name) => root.querySelector(`[data-role="${name}"]`);

/// A fresh copy of the template's one element.
export const clone = (template_id) =>
  document.getElementById(template_id).content.firstElementChild.cloneNode(true);

/// Writes only what differs: an untouched text node costs no layout and keeps a selection.
export function set_text(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function set_time(element, ms, text) {
  const machine = new Date(ms).toISOString();
  if (element.dateTime !== machine) element.dateTime = machine;
  set_text(element, text);
}

/// Makes the children of `parent` exactly `children`, in this order, moving as little as possible
/// so that focus and scrolling stay where they are.
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}
