"use strict";
// The page works without this: a button then loads the whole page. This keeps the list in
// its place and says that the demo is at work.
document.addEventListener("submit", function (event) {
  var form = event.target;
  var button = form.querySelector("button");
  event.preventDefault();
  if (document.body.hasAttribute("aria-busy")) return;
  document.body.setAttribute("aria-busy", "true");
  button.classList.add("busy");
  fetch(form.action, { method: "POST", headers: { Accept: "text/html" } })
    .then(function (response) { return response.text(); })
    .then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var result = document.getElementById("result");
      result.replaceChildren.apply(result, Array.from(page.getElementById("result").childNodes));
      document.querySelectorAll("[aria-current]").forEach(function (b) { b.removeAttribute("aria-current"); });
      button.setAttribute("aria-current", "true");
      if (result.getBoundingClientRect().top > innerHeight / 2) result.scrollIntoView();
    })
    .catch(function () { form.submit(); })
    .finally(function () {
      document.body.removeAttribute("aria-busy");
      button.classList.remove("busy");
    });
});
