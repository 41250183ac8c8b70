// Connects noVNC to the websocket that the page's address names. The parameters are those of noVNC's own vnc_lite.html:
// host, port, password, path, view_only, scale.
import RFB from "./core/rfb.js";

const asked = new URLSearchParams(location.search + "&" + location.hash.replace(/^#/, ""));
const status = text => { document.getElementById("status").textContent = text; };

const host = asked.get("host") || location.hostname;
const port = asked.get("port") || location.port;
const path = asked.get("path") || "websockify";
const scheme = location.protocol === "https:" ? "wss" : "ws";
const rfb = new RFB(document.getElementById("screen"), `${scheme}://${host}${port ? ":" + port : ""}/${path}`, {
  credentials: { password: asked.get("password") || undefined },
});
rfb.viewOnly = asked.get("view_only") === "true";
rfb.scaleViewport = asked.get("scale") !== "false";

let name = "";
status("Connecting");
rfb.addEventListener("connect", () => status(`Connected to ${name || "the server"}`));
rfb.addEventListener("desktopname", event => {
  name = event.detail.name;
  document.title = name;
  status(`Connected to ${name}`);
});
rfb.addEventListener("disconnect", event => {
  status(event.detail.clean ? "Disconnected" : "Something went wrong, connection is closed");
});
document.getElementById("sendCtrlAltDelButton").addEventListener("click", () => { rfb.sendCtrlAltDel(); rfb.focus(); });
