"use strict";
(function () {
  var form = document.querySelector(".search");
  var input = document.getElementById("page.search");
  var kinds = document.getElementById("page.kinds");
  var acts = document.getElementById("page.acts");
  var count = document.querySelector(".count");
  var items = Array.prototype.slice.call(document.querySelectorAll(".item"));
  var texts = items.map(function (item) {
    var api = item.closest("details");
    return ((api ? api.querySelector("summary").textContent + " " : "") + item.textContent + " " + item.dataset.acts).toLowerCase();
  });
  var rows = {};
  document.querySelectorAll("[data-for]").forEach(function (row) {
    (rows[row.dataset.for] = rows[row.dataset.for] || []).push(row);
  });
  var opened = Array.prototype.slice.call(document.querySelectorAll("details.api"));
  var apis = document.querySelector(".apis");
  form.hidden = false;

  function has(list, word) { return !word || (" " + list).indexOf(" " + word + " ") >= 0; }

  function filter() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var searching = words.length > 0 || kinds.value !== "" || acts.value !== "";
    var n = 0;
    items.forEach(function (item, i) {
      var fits = has(item.dataset.kinds, kinds.value) && has(item.dataset.acts, acts.value) &&
        words.every(function (w) { return texts[i].indexOf(w) >= 0; });
      item.hidden = !fits;
      (rows[item.id] || []).forEach(function (row) { row.hidden = !fits; });
      if (fits) n++;
    });
    document.querySelectorAll(".group").forEach(function (g) { g.hidden = !g.querySelector(".item:not([hidden])"); });
    opened.forEach(function (d) {
      d.hidden = searching && !d.querySelector(".item:not([hidden])");
      d.open = searching && !d.hidden;
    });
    if (apis) apis.parentNode.hidden = searching;
    count.textContent = !searching ? "" : n === 0 ? count.dataset.none :
      count.dataset.found.replace("{n}", n).replace("{total}", items.length);
  }

  function clear() {
    input.value = kinds.value = acts.value = "";
    filter();
  }

  function target() {
    var id = location.hash.slice(1);
    if (!id) return;
    try { id = decodeURIComponent(id); } catch (e) { return; }
    var at = document.getElementById(id);
    if (!at && /^[1-5]\d\d$/.test(id)) { // a status without a row: that of its class
      at = document.getElementById(id.charAt(0) + "xx");
      if (at) { location.replace("#" + at.id); }
    }
    if (at && at.closest("[hidden]")) clear();
    if (at) at.scrollIntoView({ behavior: "instant" });
  }

  input.addEventListener("input", filter);
  kinds.addEventListener("change", filter);
  acts.addEventListener("change", filter);
  form.addEventListener("submit", function (e) {
    e.preventDefault();
    var first = document.querySelector(".item:not([hidden]) a[href]");
    if (first) { first.focus(); first.scrollIntoView({ block: "center" }); }
  });
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    var typing = /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName);
    if (e.key === "/" && !typing) { e.preventDefault(); input.focus(); input.select(); }
    if (e.key === "Escape" && (typing || input.value)) { clear(); input.blur(); }
  });
  window.addEventListener("hashchange", target);
  window.addEventListener("beforeprint", function () { opened.forEach(function (d) { d.open = true; }); });
  window.addEventListener("afterprint", filter);
  filter();
  target();
})();
