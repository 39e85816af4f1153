import { mount } from "svelte";
import App from "./App.svelte";
import "leaflet/dist/leaflet.css";
import "./app.css";

const target = document.getElementById("page");
if (!target) throw new Error("the page has no element with the id `page`; restore it in index.html");
mount(App, { target });
