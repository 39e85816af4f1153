// The package comes without types; this is all that is used of it.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  export default function SwaggerUI(options: { url: string; dom_id: string; deepLinking: boolean; validatorUrl: string | null }): void;
}
