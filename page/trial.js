"use strict";
(function () {
  var section = document.querySelector(".trial");
  var form = section.querySelector("form");
  var method = document.getElementById("page.try.method");
  var path = document.getElementById("page.try.path");
  var text = document.getElementById("page.try.text");
  var result = document.getElementById("page.try.result");
  var about = JSON.parse(document.getElementById("page.try.dialect").textContent);
  var say = result.dataset;
  var opening;
  section.hidden = false;

  function dialect() {
    if (!opening) {
      opening = window.parlance.open(section.dataset.dialect, about);
      opening.catch(function () { opening = null; });
    }
    return opening;
  }

  // exchange reads what curl -i prints. Heads of earlier responses stand before the last one.
  function exchange() {
    var rest = text.value.replace(/^\s+/, ""), x = null, head;
    while ((head = /^HTTP\/[\d.]+ (\d{3})[^\n]*(?:\n|$)/.exec(rest))) {
      var end = rest.indexOf("\n\n");
      var lines = (end < 0 ? rest : rest.slice(0, end)).split("\n").slice(1);
      rest = end < 0 ? "" : rest.slice(end + 2);
      x = { status: Number(head[1]), headers: [] };
      lines.forEach(function (line) {
        var colon = line.indexOf(":");
        if (colon > 0) x.headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
      });
    }
    if (!x) return null;
    x.method = method.value.trim().toUpperCase() || "GET";
    x.path = path.value.trim().replace(/^https?:\/\/[^\/?#]*/i, "") || "/";
    x.body = rest;
    return x;
  }

  // node makes an element whose text is text, whatever the text holds.
  function node(name, content, className) {
    var e = document.createElement(name);
    if (className) e.className = className;
    [].concat(content).forEach(function (c) { e.append(c); });
    return e;
  }

  function bdi(content) { return node("bdi", String(content)); }

  function code(content) {
    var c = node("code", String(content)), at = document.getElementById(content);
    if (!at || !at.closest(".item")) return c;
    var a = node("a", c);
    a.href = "#" + encodeURIComponent(content);
    return a;
  }

  function seconds(delay) {
    return delay[0] === delay[1] ? delay[0] + " s" : delay[0] + "–" + delay[1] + " s";
  }

  function table(fields) {
    var body = fields.map(function (f) {
      return node("tr", [f.path, f.code, f.message].map(function (t) { return node("td", bdi(t || "")); }));
    });
    var head = [say.path, say.code, say.message].map(function (t) {
      var th = node("th", t);
      th.scope = "col";
      return th;
    });
    return node("table", [node("thead", node("tr", head)), node("tbody", body)]);
  }

  function show(read) {
    var o = read.outcome, d = read.decision;
    var rows = [];
    function row(label, content) {
      if (content) rows.push(node("div", [node("dt", label), node("dd", content)]));
    }
    row(say.code, o.code && code(o.code));
    row(say.title, o.title && bdi(o.title));
    row(say.detail, o.detail && bdi(o.detail));
    row(say.id, o.request_id && bdi(o.request_id));
    row(say.delay, read.delay && seconds(read.delay));
    row(say.retry, d.retry_safe ? say.safe : say.unsafe);
    row(say.why, bdi(d.why));
    row(say.line, d.line && node("code", d.line));
    (read.diagnostics || []).forEach(function (n) { row(say.note, bdi(n.message)); });
    var kind = o.reason ? o.kind + "/" + o.reason : o.kind;
    result.replaceChildren(node("p", [node("code", kind, "kind"), " ", node("code", d.act, "act")], "tags"), node("dl", rows));
    if (o.fields && o.fields.length) result.append(table(o.fields));
  }

  form.addEventListener("submit", function (e) {
    e.preventDefault();
    var x = exchange();
    if (!x) {
      result.replaceChildren(node("p", say.none));
      text.focus();
      return;
    }
    dialect().then(function (d) { show(d.decode(x)); }).catch(function (error) {
      result.replaceChildren(node("p", bdi(error.message)));
    });
  });
  text.addEventListener("keydown", function (e) {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      form.requestSubmit();
    }
  });
})();
