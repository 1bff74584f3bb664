// Settings of the interactive reference. Credentials are kept for as long as the page is open, and nowhere.
window.reference = SwaggerUIBundle({
  dom_id: "#reference",
  url: new URL("openapi.json", document.currentScript.src).href,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
