// What the API can be asked, drawn from the service's own description of itself; nothing comes from elsewhere, not even a badge.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

// No validator: it would send the description to a stranger.
SwaggerUI({ url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
