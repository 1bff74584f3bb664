// Texts of the command palette and of the keyboard shortcuts.

export const open = "Search and commands";
export const title = "Search and commands";
export const field = "Search for a person, a tenant or a command";
export const results = (count: number) => (count === 1 ? "1 result" : `${count} results`);
export const none = "Nothing found.";
export const searching = "Searching…";
export const list = "Results";
export const kindsScreen = "Screen";
export const kindsAct = "Act";
export const kindsUser = "User";
export const kindsAccount = "Account";
export const kindsTenant = "Tenant";
export const auditOf = (id: string) => `Audit of tenant ${id}`;
export const goTo = (screen: string) => `Go to ${screen}`;
export const signOut = "Sign out";
export const themes = { system: "Use the theme of the system", light: "Use the light theme", dark: "Use the dark theme" };
export const createUser = "Create a user";
export const createAccount = "Create an account";
export const registerTenant = "Register a tenant";
export const addWebhook = "Add a webhook";

export const shortcutsTitle = "Keyboard shortcuts";
export const shortcutsPalette = "Search and commands";
export const shortcutsSearch = "Go to the search field";
export const shortcutsCreate = "Create or register";
export const shortcutsScreen = (screen: string) => `Go to ${screen}`;
export const shortcutsHelp = "Show these shortcuts";
export const shortcutsClose = "Close a dialog";
export const shortcutsSingle = "Shortcuts of one key";
export const shortcutsSingleHint = "Turn them off if you dictate, or if keys get pressed by mistake.";
export const shortcutsThen = "then";
