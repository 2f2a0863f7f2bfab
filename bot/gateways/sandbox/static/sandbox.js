// The sandbox: one person, many members. State comes from the feed; the page only draws it.
import { followSwitches, question } from "./dialogs.js";
import { ask, newId } from "./server.js";
import { content, day, event, face, make, say, shortTime, summary, time } from "./view.js";

const at = (id) => document.getElementById(id);
const MUSTER = ["Muster", "muster", "bot"];
const narrow = matchMedia("(max-width: 760px)");

const state = {
  groups: [], people: [], switches: {}, entries: new Map(), seen: {}, stick: true,
  me: "", chat: "", next: "", version: "", open: false,
};

// Who and where

const person = (id) => state.people.find((p) => p.id === id);
const nameOf = (id) => person(id)?.name ?? id ?? "";
const group = (id) => state.groups.find((g) => g.id === id);
const direct = () => `d:${state.me}`;
const isDirect = () => state.chat.startsWith("d:");
const groupOf = (chat) => group(chat.slice(2));
const inside = (g) => g.members.includes(state.me);
const entriesOf = (chat) => state.entries.get(chat) ?? [];
const keyOf = (entry) => (entry.group === null ? `d:${entry.member}` : `g:${entry.group}`);

function remember() {
  history.replaceState(null, "", `#as=${encodeURIComponent(state.me)}&chat=${encodeURIComponent(state.chat)}`);
}

function recall() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const me = hash.get("as");
  if (person(me)) state.me = me;
  const chat = hash.get("chat") ?? "";
  if (chat === direct() || groupOf(chat)) state.chat = chat;
}

// Asking the server

async function tell(type, extra = {}) {
  const id = newId();
  const body = { id, type, group: isDirect() ? null : state.chat.slice(2),
    member: { id: state.me, name: nameOf(state.me) }, ...extra };
  try {
    await ask("events", body).catch(() => ask("events", body));
    return true;
  } catch {
    trouble(say("It did not get through. Try again."), 4000);
    return false;
  }
}

async function follow() {
  for (let failures = 0; ; ) {
    try {
      const wait = state.version ? 25 : 0;
      const news = await ask(`feed?after=${state.next}&scene=${state.version}&wait=${wait}`);
      take(news);
      if (failures) trouble("");
      failures = 0;
    } catch {
      failures += 1;
      if (failures > 1) trouble(say("The server does not answer. Trying again …"));
      await new Promise((done) => setTimeout(done, Math.min(5000, 400 * failures)));
    }
  }
}

function take(news) {
  const first = !state.version;
  state.next = news.next;
  state.version = news.version;
  if (news.scene) {
    Object.assign(state, news.scene);
    if (!state.people.length) return ask("people", { name: say("Ming") });
    if (!person(state.me)) state.me = state.people[0].id;
    if (!state.open) recall();
    if (!state.chat || (state.chat.startsWith("g:") && !groupOf(state.chat))) state.chat = direct();
    // Who comes for the first time on a phone sees what to try, not an empty list.
    if (!state.open && !news.entries.length) at("app").classList.add("in-chat");
    state.open = true;
  }
  for (const entry of news.entries) {
    const key = keyOf(entry);
    if (entry.what === "recalled") {
      state.entries.set(key, entriesOf(key).filter((one) => one.cursor !== entry.of));
      continue;
    }
    if (!state.entries.has(key)) state.entries.set(key, []);
    state.entries.get(key).push(entry);
    if (first) state.seen[key] = entry.cursor;
  }
  if (news.scene || news.entries.some((e) => keyOf(e) === state.chat)) drawChat(news.entries);
  drawSide();
}

// The left side

function drawSide() {
  if (!state.me) return;
  at("speaker-face").replaceChildren(face(state.me, nameOf(state.me)));
  at("speaker-name").textContent = nameOf(state.me);
  at("own-face").replaceChildren(face(state.me, nameOf(state.me)));
  const mine = state.groups.filter(inside);
  const others = state.groups.filter((g) => !inside(g));
  const list = [section("", [row(direct(), say("Muster"), "bot")])];
  if (mine.length) list.push(section(say("My groups"), mine.sort(newestFirst).map(groupRow)));
  if (others.length) list.push(section(say("Other groups"), others.map(groupRow)));
  if (!state.groups.length)
    list.push(make("p", "hint", say("Make a group first: what the bot says to those who join is its welcome.")));
  at("chats").replaceChildren(...list);
}

const newestFirst = (a, b) => lastAt(`g:${b.id}`) - lastAt(`g:${a.id}`);
const lastAt = (chat) => entriesOf(chat).at(-1)?.at ?? 0;
const groupRow = (g) => row(`g:${g.id}`, g.name, "group", g.id);

function section(title, rows) {
  return make("section", "", ...(title ? [make("h2", "", title)] : []), ...rows);
}

function row(chat, name, kind, id = chat) {
  const last = entriesOf(chat).at(-1);
  const who = last?.what === "message" && last.by && kind === "group" ? `${nameOf(last.by)}: ` : "";
  const line = last ? who + summary(last, nameOf) : say(kind === "bot" ? "Direct chat with the bot" : "No message yet");
  const button = make("button", "chat", face(id, name, kind),
    make("span", "grow", make("b", "", name), make("small", "", line.slice(0, 80))),
    make("span", "side", make("time", "", last ? shortTime(last.at) : "")));
  button.type = "button";
  if (chat === state.chat) button.setAttribute("aria-current", "true");
  const unread = entriesOf(chat).filter((e) => later(e.cursor, state.seen[chat]) && e.by !== state.me).length;
  const known = kind !== "group" || inside(group(id));
  if (unread && known && !(chat === state.chat && visible()))
    button.lastChild.append(make("i", "unread", unread > 99 ? "99+" : `${unread}`));
  button.addEventListener("click", () => openChat(chat));
  return button;
}

function later(cursor, than) {
  if (!than) return true;
  const [a, b] = cursor.split("-").map(Number);
  const [c, d] = than.split("-").map(Number);
  return a > c || (a === c && b > d);
}

const visible = () => !document.hidden && (!narrow.matches || at("app").classList.contains("in-chat"));

function openChat(chat) {
  state.chat = chat;
  at("app").classList.add("in-chat");
  remember();
  drawChat();
  drawSide();
  if (!narrow.matches) at("text").focus();
}

// The chat

function drawChat(fresh = null) {
  const log = at("log");
  const entries = entriesOf(state.chat);
  const atEnd = !fresh || log.scrollHeight - log.scrollTop - log.clientHeight < 80 || log.dataset.chat !== state.chat;
  const mine = fresh?.some((e) => e.by === state.me);
  log.dataset.chat = state.chat;
  drawHead();
  const names = [...MUSTER, ...state.people.map((p) => p.name)].sort((a, b) => b.length - a.length);
  const shown = [];
  entries.forEach((entry, index) => {
    const before = entries[index - 1];
    if (!before || day(before.at) !== day(entry.at)) shown.push(make("p", "note date", day(entry.at)));
    shown.push(entry.what === "message" ? said(entry, before, names) : make("p", "note", event(entry, nameOf)));
  });
  if (!entries.some((e) => e.by === state.me && e.what === "message")) shown.push(hints());
  log.replaceChildren(...shown);
  state.stick = atEnd || mine;
  if (state.stick) log.scrollTop = log.scrollHeight;
  at("down").hidden = atEnd || mine || !fresh?.length;
  if (entries.length && visible()) state.seen[state.chat] = entries.at(-1).cursor;
}

function drawHead() {
  const g = isDirect() ? null : groupOf(state.chat);
  const there = g && inside(g);
  at("chat-face").replaceChildren(g ? face(g.id, g.name, "group") : face("", "", "bot"));
  at("chat-name").textContent = g ? g.name : say("Muster");
  at("chat-about").textContent = g
    ? [g.size === 1 ? say("1 member") : say("{n} members", { n: g.size }),
       g.members.slice(0, 5).map(nameOf).join(", ")].filter(Boolean).join(" · ")
    : say("Direct chat with the bot");
  at("leave").hidden = !there;
  at("composer").hidden = Boolean(g) && !there;
  at("join-bar").hidden = !g || there;
}

function said(entry, before, names) {
  const own = entry.by === state.me;
  const bot = entry.by === null;
  const close = before?.what === "message" && before.by === entry.by && entry.at - before.at < 180_000;
  const name = bot ? say("Muster") : nameOf(entry.by);
  const line = make("div", `said${own ? " own" : ""}${close ? " close" : ""}${bot ? " from-bot" : ""}`);
  if (!own) line.append(close ? make("span", "face") : face(entry.by ?? "", name, bot ? "bot" : ""));
  const body = make("div", "body");
  if (!own && !close && !isDirect())
    body.append(make("span", "name", name, ...(bot ? [make("em", "", say("bot"))] : [])));
  const stamp = make("time", "", time(entry.at));
  stamp.title = new Date(entry.at).toLocaleString();
  body.append(make("div", "with-time", content(entry.segments, names, state.me, (action) => tell("action", { action })), stamp));
  line.append(body);
  return line;
}

function hints() {
  const texts = isDirect() ? ["hello", "join the tea group"] : ["check in", "hello", "leaderboard"];
  const g = isDirect() ? null : groupOf(state.chat);
  if (g && !inside(g)) return make("span");
  const chips = texts.map((text) => {
    const chip = make("button", "chip", say(text));
    chip.type = "button";
    chip.addEventListener("click", () => send(say(text)));
    return chip;
  });
  return make("div", "hints", make("b", "", say("Try this first")),
    make("span", "", say("A tap says it for you.")), make("p", "", ...chips));
}

// Doing

async function send(text) {
  if (!text.trim()) return;
  const sent = await tell("message", { text });
  if (!sent && !at("text").value) at("text").value = text;
}

function grow() {
  const box = at("text");
  box.rows = Math.min(6, Math.max(1, box.value.split("\n").length));
}

at("composer").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const text = at("text").value;
  at("text").value = "";
  grow();
  send(text);
});
at("text").addEventListener("input", grow);
at("text").addEventListener("keydown", (pressed) => {
  // While an input method composes, Enter chooses a word.
  if (pressed.key !== "Enter" || pressed.shiftKey || pressed.isComposing || pressed.keyCode === 229) return;
  pressed.preventDefault();
  at("composer").requestSubmit();
});
at("join").addEventListener("click", () => tell("member_joined"));
at("leave").addEventListener("click", () => tell("member_left"));
at("back").addEventListener("click", () => {
  at("app").classList.remove("in-chat");
  drawSide();
});
at("down").addEventListener("click", () => {
  at("log").scrollTop = at("log").scrollHeight;
  at("down").hidden = true;
});
at("log").addEventListener("scroll", () => {
  const log = at("log");
  state.stick = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  if (state.stick) at("down").hidden = true;
});
// A picture that arrives makes the log longer.
at("log").addEventListener("load", () => {
  if (state.stick) at("log").scrollTop = at("log").scrollHeight;
}, true);
document.addEventListener("visibilitychange", () => state.chat && (drawChat([]), drawSide()));

let quiet;
function trouble(text, ms = 0) {
  clearTimeout(quiet);
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
  if (ms) quiet = setTimeout(() => trouble(""), ms);
}

// People

function showPeople(open) {
  at("people").hidden = !open;
  at("speaker").setAttribute("aria-expanded", `${open}`);
  if (!open) return;
  at("find-person").hidden = state.people.length < 9;
  at("find-person").value = "";
  drawPeople("");
}

function drawPeople(words) {
  const fitting = state.people.filter((p) => p.name.toLowerCase().includes(words.toLowerCase()));
  at("people-list").replaceChildren(...fitting.map((p) => {
    const button = make("button", "person", face(p.id, p.name), make("span", "grow", p.name));
    button.type = "button";
    if (p.id === state.me) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => become(p.id));
    return make("li", "", button);
  }));
}

function become(id) {
  const wasDirect = isDirect();
  state.me = id;
  if (wasDirect) state.chat = direct();
  showPeople(false);
  remember();
  drawChat();
  drawSide();
}

at("speaker").addEventListener("click", () => showPeople(at("people").hidden));
at("own-face").addEventListener("click", (clicked) => {
  clicked.stopPropagation();
  at("app").classList.remove("in-chat");
  showPeople(true);
});
at("find-person").addEventListener("input", (typed) => drawPeople(typed.target.value));
document.addEventListener("click", (clicked) => {
  if (!clicked.target.closest(".speaker")) showPeople(false);
});
document.addEventListener("keydown", (pressed) => pressed.key === "Escape" && showPeople(false));

at("new-person").addEventListener("click", async () => {
  showPeople(false);
  const name = await question(say("Name of the person"));
  if (!name) return;
  const made = await ask("people", { name });
  state.people.push(made);
  become(made.id);
});
at("new-group").addEventListener("click", async () => {
  const name = await question(say("Name of the group"));
  if (!name) return;
  const made = await ask("groups", { name, member: state.me });
  if (!group(made.id)) state.groups.push({ id: made.id, name, members: [state.me], size: 1 });
  openChat(`g:${made.id}`);
});

followSwitches(() => state.switches, (switches) => { state.switches = switches; });
follow();
