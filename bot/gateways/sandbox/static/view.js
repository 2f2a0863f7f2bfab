// Drawing: turns entries of the feed into what a chat shows. Builds elements, never HTML texts.

export const words = JSON.parse(document.body.dataset.words);
export const language = document.documentElement.lang;

export function say(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function hue(text) {
  let sum = 0;
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)) >>> 0;
  return sum % 8;
}

const segmenter = new Intl.Segmenter(language);

export function face(id, name, kind = "") {
  if (kind === "bot") {
    return drawn("svg", { viewBox: "0 0 32 32", class: "face bot", "aria-hidden": "true" },
      drawn("rect", { class: "a", width: 32, height: 32, rx: 9 }),
      drawn("path", { class: "b", d: "M8 22V11.500l8 6 8-6V22" }),
      drawn("circle", { class: "c", cx: 16, cy: 9, r: 2.2 }));
  }
  const first = [...segmenter.segment((name || "?").trim())][0]?.segment ?? "?";
  const shape = kind === "group"
    ? drawn("rect", { width: 40, height: 40, rx: 12 })
    : drawn("circle", { cx: 20, cy: 20, r: 20 });
  return drawn("svg", { viewBox: "0 0 40 40", class: `face h${hue(id)}`, "aria-hidden": "true" },
    shape, drawn("text", { x: 20, y: 26.5 }, first.toUpperCase()));
}

// Times

const clockTime = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
const calendarDay = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", weekday: "short" });
const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);

export function day(ms) {
  const past = Math.round((midnight(Date.now()) - midnight(ms)) / 86_400_000);
  return past === 0 ? say("Today") : past === 1 ? say("Yesterday") : calendarDay.format(ms);
}

export function time(ms) {
  return clockTime.format(ms);
}

export function shortTime(ms) {
  return midnight(ms) === midnight(Date.now()) ? clockTime.format(ms) : day(ms);
}

// Content

const WEB = /https?:\/\/[^\s<>"'，。！？、；：）」』】]+/g;

function link(url, ...children) {
  const anchor = make("a", "", ...children);
  try {
    const parsed = new URL(url, location.href);
    if (!/^https?:$/.test(parsed.protocol)) return make("span", "", ...children);
    anchor.href = parsed.href;
  } catch {
    return make("span", "", ...children);
  }
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

function withMentions(text, names) {
  const parts = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const name = names.find((n) => text.startsWith(n, at + 1));
    if (!name || at < from) continue;
    parts.push(text.slice(from, at), make("span", "mention", `@${name}`));
    from = at + 1 + name.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function plain(text, names) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(WEB)) {
    const url = found[0].replace(/[.,!?;:)]+$/, "");
    parts.push(...withMentions(text.slice(from, found.index), names), link(url, url));
    from = found.index + url.length;
  }
  return [...parts, ...withMentions(text.slice(from), names)];
}

function picture(url, alt) {
  const image = make("img", "picture");
  image.alt = alt || say("Picture");
  image.loading = "lazy";
  image.referrerPolicy = "no-referrer";
  if (/^(https?:|data:image\/)/i.test(url)) image.src = url;
  return image;
}

function card(segment) {
  const shown = link(segment.url,
    make("b", "", segment.title || segment.url),
    make("small", "", segment.description || ""),
    make("span", "host", hostOf(segment.url)));
  shown.className = "card";
  if (segment.image) shown.prepend(picture(segment.image, segment.title));
  return shown;
}

function hostOf(url) {
  try {
    return new URL(url, location.href).host;
  } catch {
    return "";
  }
}

export function content(segments, names, me, choose) {
  const bubble = make("div", "bubble");
  let loose = null;
  for (const segment of segments) {
    if (segment.kind === "image") bubble.append(picture(segment.url, segment.alt)), (loose = null);
    else if (segment.kind === "link_card") bubble.append(card(segment)), (loose = null);
    else if (segment.kind === "button") {
      const button = make("button", "", segment.label);
      button.type = "button";
      button.addEventListener("click", () => choose(segment.action));
      bubble.append(button), (loose = null);
    }
    else {
      if (!loose) bubble.append((loose = make("p")));
      if (segment.kind === "text") loose.append(...plain(segment.text, names));
      else if (segment.kind === "mention") {
        const mine = segment.account === me ? "mention me" : "mention";
        loose.append(make("span", mine, `@${segment.name || segment.account || "all"}`), " ");
      } else if (segment.kind === "file") loose.append(link(segment.url, `📎 ${segment.name}`));
      else loose.append(`[${segment.name}]`);
    }
  }
  const only = segments.length === 1 && ["image", "link_card"].includes(segments[0].kind);
  if (only) bubble.classList.add("bare");
  return bubble;
}

export function summary(entry, nameOf) {
  if (entry.segments?.length && entry.segments.every((one) => one.kind === "image")) return say("Picture");
  if (entry.what === "message") return entry.text;
  return event(entry, nameOf);
}

export function event(entry, nameOf) {
  const name = nameOf(entry.by);
  const made = entry.by ? "{name} made the group" : "The bot made the group";
  const texts = entry.group
    ? { joined: "{name} joined", left: "{name} left", created: made }
    : { joined: "{name} added the bot", left: "{name} removed the bot" };
  return say(texts[entry.what] ?? entry.what, { name });
}
