"use strict";

const form = document.getElementById("form");
const status = document.getElementById("status");
const results = document.getElementById("results");

function headers() {
  const key = document.getElementById("key").value;
  return key ? { Authorization: `Bearer ${key}` } : {};
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
