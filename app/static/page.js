"use strict";

const form = document.getElementById("form");
const status = document.getElementById("status");
const results = document.getElementById("results");
const key = document.getElementById("key");

function headers() {
  return key.value ? { Authorization: `Bearer ${key.value}` } : {};
}

function askForKey() {
  status.textContent = key.value ? "The key is wrong." : "This service needs a key. Enter it and search again.";
  document.getElementById("locked").hidden = false;
  key.focus();
}

function line(text) {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  return paragraph;
}

// An <img> cannot send a key, so thumbnails are fetched.
async function thumbnail(url, title) {
  const image = document.createElement("img");
  image.alt = title;
  const answer = await fetch(url.slice(1), { headers: headers() });
  if (answer.ok) image.src = URL.createObjectURL(await answer.blob());
  return image;
}

async function entry(result) {
  const item = document.createElement("li");
  const title = result.title || result.product_id;
  if (result.image_url) item.append(await thumbnail(result.image_url, title));
  item.append(line(`${result.rank}. ${title}`), line(`${result.product_id}, similarity ${result.similarity.toFixed(2)}`));
  return item;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  results.replaceChildren();
  status.textContent = "Searching…";
  try {
    const photo = document.getElementById("photo").files[0];
    const body = new FormData();
    body.append("image", photo);
    const response = await fetch("search", { method: "POST", body, headers: headers() });
    if (response.status === 401) {
      askForKey();
      return;
    }
    const answer = await response.json();
    if (!response.ok) {
      status.textContent = `${answer.title}: ${answer.detail}`;
      return;
    }
    status.textContent = `${answer.results.length} products in ${answer.took_ms} ms`;
    results.append(...(await Promise.all(answer.results.map(entry))));
  } catch (error) {
    status.textContent = `The service does not answer (${error.message}).`;
  }
});
