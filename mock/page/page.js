// The page of a mock. Every text of the dialect and of a request is set as textContent,
// so that none of it is ever markup.
"use strict";

const $ = (id) => document.getElementById(id);
const maxShown = 200; // requests

// node makes an element with a class and children: texts or elements.
function node(name, style, ...children) {
  const made = document.createElement(name);
  if (style) made.className = style;
  made.append(...children.filter((c) => c !== "" && c !== undefined));
  return made;
}

const chip = (status) => node("span", "chip c" + (status >= 200 && status < 600 ? Math.floor(status / 100) : 0), String(status || "–"));
const meaning = (kind, reason) => reason ? kind + "/" + reason : kind;

// call sends a request to an endpoint, and shows the reason if it is refused.
async function call(method, path, body) {
  const problem = $("problem");
  problem.hidden = true;
  try {
    const options = { method };
    if (body) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(body);
    }
    const response = await fetch("api/" + path, options);
    const value = await response.json();
    if (response.ok) return value;
    problem.textContent = value.error;
  } catch {
    problem.textContent = "The mock does not respond.";
  }
  problem.hidden = false;
  return undefined;
}

// ---- The codes.

const classes = { 2: "Success", 3: "Redirection", 4: "Client errors", 5: "Server errors" };
let rows = []; // {element, group, text}

function codeRow(code, group) {
  const button = node("button", "", "Give next");
  button.type = "button";
  button.setAttribute("aria-label", "Give next: " + code.code);
  button.addEventListener("click", () => give(code.prefer));
  const kind = node("span", "quiet", meaning(code.kind, code.reason));
  const own = code.code === String(code.status) ? "" : node("span", "code", code.code);
  const label = node("td", "", node("div", "label", chip(code.status), own, kind));
  const means = node("td", "", code.means);
  if (code.when) means.append(node("span", "quiet", "if " + code.when));
  const element = node("tr", "", label, means, node("td", "", code.do), node("td", "", button));
  element.title = code.line;
  const text = [code.code, code.status, meaning(code.kind, code.reason), code.means, code.when, code.act, code.do].join(" ").toLowerCase();
  rows.push({ element, group, text });
  return element;
}

function showCodes(page) {
  document.title = "Mock of " + page.title;
  $("title").textContent = page.title;
  const otherwise = page.scenario ? "Otherwise the scenario “" + page.scenario + "” says." : "Otherwise it gets a success.";
  $("about").textContent = "A mock of the dialect " + page.dialect + ". A request without a wish gets what waits here. " + otherwise;
  const example = page.codes.find((c) => c.status >= 400) || page.codes[0];
  $("curl").textContent = "curl -i " + (example ? "-H 'Prefer: " + example.prefer + "' " : "") + location.origin + "/orders/7";
  const groups = new Map();
  for (const code of page.codes) {
    const of = Math.floor(code.status / 100);
    if (!groups.has(of)) {
      const head = node("tr", "");
      for (const text of ["Code", "It means", "A client", ""]) {
        const th = node("th", "", text);
        th.scope = "col";
        head.append(th);
      }
      const body = node("tbody", "");
      const section = node("div", "", node("h3", "", of + "xx " + (classes[of] || "")), node("table", "", node("thead", "", head), body));
      groups.set(of, { section, body });
      $("groups").append(section);
    }
    const group = groups.get(of);
    group.body.append(codeRow(code, group.section));
  }
  filter();
}

function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set();
  let count = 0;
  for (const row of rows) {
    const fits = words.every((w) => row.text.includes(w));
    row.element.hidden = !fits;
    if (fits) {
      count++;
      shown.add(row.group);
    }
  }
  for (const row of rows) row.group.hidden = !shown.has(row.group);
  $("none").hidden = count > 0;
  $("count").textContent = count === rows.length ? String(count) : count + " of " + rows.length;
}

// ---- What is given next.

async function give(prefer) {
  const times = $("times");
  if (!times.reportValidity()) return false;
  const waiting = await call("POST", "next", { prefer, times: times.valueAsNumber });
  if (waiting) showNext(waiting);
  return waiting !== undefined;
}

function showNext(waiting) {
  $("next").replaceChildren(...waiting.map((w) => node("li", "", node("span", "code", w.prefer), node("span", "quiet", w.times === 1 ? "once" : w.times + " times"))));
  $("clear").hidden = waiting.length === 0;
  $("idle").hidden = waiting.length > 0;
}

// ---- The requests.

let seen = 0;

function showGiven(given) {
  const at = new Date(given.at);
  const time = node("time", "", at.toLocaleTimeString([], { hour12: false }));
  time.dateTime = given.at;
  const code = given.code && given.code !== String(given.status) ? " " + given.code : "";
  const got = given.fault ? (given.status ? meaning(given.kind, given.reason) + code + ", " : "") + given.fault : meaning(given.kind, given.reason) + code;
  const why = node("span", "quiet", got, " · ", given.why);
  const log = $("log");
  log.prepend(node("li", "new", node("div", "line", chip(given.status), node("span", "path", given.method + " " + given.path), time, why)));
  while (log.children.length > maxShown) log.lastElementChild.remove();
  seen++;
  $("seen").textContent = String(seen);
  $("silent").hidden = true;
}

function listen() {
  const live = $("live");
  const set = (style, text) => { live.className = "live " + style; live.textContent = text; };
  const events = new EventSource("api/log");
  events.addEventListener("start", () => {
    seen = 0;
    $("log").replaceChildren();
    set("on", "live");
  });
  events.addEventListener("given", (e) => showGiven(JSON.parse(e.data)));
  events.addEventListener("next", (e) => showNext(JSON.parse(e.data)));
  events.addEventListener("error", () => set("off", "not connected"));
}

// ---- Everything begins here.

$("filter").addEventListener("input", filter);
$("clear").addEventListener("click", async () => {
  const waiting = await call("DELETE", "next");
  if (waiting) showNext(waiting);
});
$("own").addEventListener("submit", async (e) => {
  e.preventDefault();
  if (await give($("wish").value)) $("wish").value = "";
});
call("GET", "codes").then((page) => page && showCodes(page));
listen();
