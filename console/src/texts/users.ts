// Texts of the users of a tenant.

export const texts = {
  title: "Users",
  search: "Search by email",
  role: "Role",
  state: "State",
  anyRole: "Any role",
  anyState: "Any state",
  active: "active",
  inactive: "inactive",
  until: "Until",
  changed: "Changed",
  email: "Email",
  roleOf: (email: string) => `Role of ${email}`,
};
