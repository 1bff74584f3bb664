// What the definitions must not let pass. `tsc` complains about each line that they do.

import type { paths, Promotion, RoleChanged, TenantError } from "./rolecall";
import { promote } from "./promote";

// @ts-expect-error There is no such role.
const role: Promotion = { new_role: "boss" };

// @ts-expect-error Unknown fields are refused.
const field: Promotion = { new_role: "admin", is_admin: true };

// @ts-expect-error The field is required.
const missing: Promotion = {};

// @ts-expect-error There is no such route.
type Nowhere = paths["/users/{id}/demote"];

// @ts-expect-error This answer has no such field.
const found = (answer: RoleChanged) => answer.data.role;

// @ts-expect-error This route does not answer that status.
type Gone = paths["/users/{id}/promote"]["post"]["responses"][410];

// @ts-expect-error The code of an error is a text.
const code = (error: TenantError): number => error.error_code;

// @ts-expect-error A role is no text of any kind.
void promote("", "", "", "anything" as string);
