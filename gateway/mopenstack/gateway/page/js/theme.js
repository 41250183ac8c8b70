// Before anything is drawn: the theme that was chosen, if one was.
const chosen = localStorage.getItem("mopenstack-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
