import { a as useQuery, c as QueryClientProvider, d as _, f as d, g as S, h as R, i as y, l as u, m as h, n as O, o as QueryClient, p as g, r as x, s as keepPreviousData, t as createClient, u as A } from "./packages-DiUDvPCz.js";
// src/texts/common.ts
var texts$3 = {
	product: "Rolecall",
	standing: {
		admin: "Admin of a tenant",
		member: "Member of a tenant",
		superadmin: "Superadmin",
		account: "Platform account",
		master: "Operator"
	},
	screens: {
		users: "Users",
		accounts: "Accounts",
		tenants: "Tenants",
		audit: "Audit",
		webhooks: "Webhooks"
	},
	roles: {
		admin: "admin",
		manager: "manager",
		user: "user",
		ROLE_CLIENT: "client",
		ROLE_VERIFIED_USER: "verified user",
		ROLE_ADMIN: "admin",
		ROLE_SUPERADMIN: "superadmin"
	},
	shell: {
		skip: "Skip to the content",
		screens: "Screens",
		changePassword: "Change password",
		signOut: "Sign out",
		theme: "Theme",
		themes: {
			system: "System colours",
			light: "Light",
			dark: "Dark"
		},
		nothing: "Your account is signed in, but it administers nothing here. A superadmin can change that."
	},
	errors: {
		unreachable: "The API did not answer. Check the connection and try again.",
		unexpected: "Something went wrong in this page. Reload it and try again.",
		status: (status) => `The API answered with status ${status}`,
		tryAgainIn: (seconds) => `Try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`,
		somebodyElse: "This token belongs to somebody else. Sign out first to use it.",
		retry: "Try again"
	},
	dialog: {
		cancel: "Cancel",
		close: "Close",
		done: "Done"
	},
	notice: {
		undo: "Undo",
		dismiss: "Dismiss"
	},
	pages: {
		previous: "Previous page",
		next: "Next page",
		range: (first, last) => first === last ? `${first}` : `${first} to ${last}`,
		more: "more follow",
		end: "no more follow",
		none: "Nothing found"
	},
	loading: "Loading…",
	copy: {
		copy: "Copy",
		copied: "Copied",
		failed: "Select the text and copy it"
	},
	secret: "It is shown only now. Keep it in a safe place.",
	optional: "optional",
	never: "never"
};
// src/api/errors.ts
var ApiError = class extends Error {
	status;
	code;
	fields;
	retryAfter;
	name = "ApiError";
	constructor(status, code, message, fields = [], retryAfter = null) {
		super(message);
		this.status = status;
		this.code = code;
		this.fields = fields;
		this.retryAfter = retryAfter;
	}
	get isTemporary() {
		return this.status === 0 || this.status === 429 || this.status === 503;
	}
};
var SIGNED_OUT = "SIGNED_OUT";
function toApiError(response, body) {
	const fields = isRecord(body) ? body : {};
	const problems = fields["validation"] ?? fields["fieldErrors"] ?? [];
	const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
	return new ApiError(response.status, asText(fields["error_code"]) ?? asText(fields["code"]) ?? `HTTP_${response.status}`, asText(fields["message"]) ?? asText(fields["error"]) ?? texts$3.errors.status(response.status), problems, Number.isFinite(retryAfter) ? retryAfter : null);
}
function toNetworkError(error) {
	return error instanceof TypeError ? new ApiError(0, "UNREACHABLE", texts$3.errors.unreachable) : error;
}
function describeError(error) {
	if (!(error instanceof ApiError)) return texts$3.errors.unexpected;
	const fields = error.fields.map((one) => one.field ? `${one.field}: ${one.message}` : one.message);
	const wait = error.isTemporary && error.retryAfter ? texts$3.errors.tryAgainIn(error.retryAfter) : "";
	return [asSentence(fields.length ? fields.join("; ") : error.message), wait].filter(Boolean).join(" ");
}
function asSentence(text) {
	const trimmed = text.trim();
	const ended = /[.!?…]$/u.test(trimmed) ? trimmed : `${trimmed}.`;
	return ended.charAt(0).toUpperCase() + ended.slice(1);
}
function isRecord(value) {
	return typeof value === "object" && value !== null;
}
function asText(value) {
	return typeof value === "string" && value !== "" ? value : null;
}
// src/api/queries.ts
var MOST_RETRIES = 3;
var queryClient = new QueryClient({ defaultOptions: { queries: {
	staleTime: 1e4,
	refetchOnWindowFocus: false,
	retry: (failures, error) => error instanceof ApiError && error.isTemporary && failures < MOST_RETRIES,
	retryDelay: (failures, error) => waitBeforeRetry(failures, error)
} } });
function waitBeforeRetry(failures, error) {
	const asked = error instanceof ApiError ? error.retryAfter : null;
	return asked === null ? 500 * 2 ** failures : Math.min(asked, 30) * 1e3;
}
// src/api/session.ts
var session = y(null);
var SCREENS = {
	admin: ["users", "audit"],
	member: ["users"],
	superadmin: ["accounts"],
	account: [],
	master: ["tenants", "audit"]
};
var screens = O(() => session.value ? SCREENS[session.value.standing] : []);
function replaceCredential(credential) {
	if (session.value) session.value = {
		...session.value,
		credential
	};
}
// src/api/renewal.ts
var endedSession = y(null);
async function askForCredential() {
	const answer = await new Promise((resolve) => {
		endedSession.value = { resolve };
	});
	endedSession.value = null;
	return answer;
}
var Renewal = class {
	#running = null;
	refresh = null;
	async renew(used, ask) {
		const current = session.value?.credential;
		if (current && current.access !== used.access) return;
		this.#running ??= this.#replace(used, ask).finally(() => {
			this.#running = null;
		});
		await this.#running;
	}
	async #replace(used, ask) {
		const credential = (used.refresh && this.refresh ? await this.refresh(used.refresh) : null) ?? await ask();
		if (!credential || !session.value) throw new ApiError(401, SIGNED_OUT, "");
		replaceCredential(credential);
	}
};
var renewal = new Renewal();
// src/api/client.ts
var baseUrl = new URL(".", document.baseURI).href.replace(/\/$/u, "");
var publicApi = createClient({ baseUrl });
var api = createClient({
	baseUrl,
	fetch: fetchWithCredential
});
function apiWith(access) {
	return createClient({
		baseUrl,
		headers: { Authorization: `Bearer ${access}` }
	});
}
async function dataOf(call) {
	return (await answerOf(call)).data;
}
async function answerOf(call) {
	let result;
	try {
		result = await call;
	} catch (error) {
		throw error instanceof SyntaxError ? new ApiError(502, "UNREADABLE", error.message) : toNetworkError(error);
	}
	if (!result.response.ok) throw toApiError(result.response, result.error);
	return {
		data: result.data,
		etag: result.response.headers.get("ETag")
	};
}
async function fetchWithCredential(request) {
	for (;;) {
		const used = await currentCredential();
		const copy = request.clone();
		copy.headers.set("Authorization", `Bearer ${used.access}`);
		const response = await fetch(copy);
		if (response.status !== 401) return response;
		await renewal.renew(used, askForCredential);
	}
}
async function currentCredential() {
	const credential = session.value?.credential;
	if (!credential) throw new ApiError(401, SIGNED_OUT, "");
	if (credential.expiresAt !== null && credential.expiresAt <= Date.now()) {
		await renewal.renew(credential, askForCredential);
		return currentCredential();
	}
	return credential;
}
// src/api/sign-in.ts
var EARLY_MS = 3e4;
async function checkToken(token) {
	const found = await findStanding(token);
	return {
		kind: "token",
		...found,
		name: texts$3.standing[found.standing],
		email: null,
		userId: null,
		mustChangePassword: false,
		credential: {
			access: token,
			refresh: null,
			expiresAt: null
		}
	};
}
async function logInUser(email, password) {
	const { data } = await dataOf(publicApi.POST("/login", { body: {
		email,
		password
	} }));
	return {
		kind: "user",
		standing: data.user.role === "admin" ? "admin" : "member",
		name: data.user.email,
		email: data.user.email,
		userId: data.user.id,
		tenantId: data.user.tenant_id,
		mustChangePassword: false,
		credential: fromUserTokens(data)
	};
}
async function logInAccount(email, password) {
	const pair = await dataOf(publicApi.POST("/v1/api/auth/login", { body: {
		email,
		password
	} }));
	const mustChangePassword = pair.passwordChangeRequired === true;
	return {
		kind: "account",
		standing: mustChangePassword ? "account" : (await findStanding(pair.accessToken)).standing,
		name: email,
		email,
		userId: null,
		tenantId: null,
		mustChangePassword,
		credential: fromAccountTokens(pair)
	};
}
function begin(started) {
	queryClient.clear();
	renewal.refresh = refreshers[started.kind];
	session.value = started;
}
async function changeTemporaryPassword(currentPassword, newPassword) {
	await dataOf(api.PUT("/v1/api/auth/password", { body: {
		currentPassword,
		newPassword
	} }));
	const current = session.value;
	if (current) {
		const { standing } = await findStanding(current.credential.access);
		session.value = {
			...current,
			standing,
			mustChangePassword: false
		};
	}
}
async function signOut() {
	const ended = session.value;
	session.value = null;
	queryClient.clear();
	endedSession.value?.resolve(null);
	if (!ended?.credential.refresh) return;
	const client = apiWith(ended.credential.access);
	await (ended.kind === "user" ? client.POST("/logout", { body: { refresh_token: ended.credential.refresh } }) : client.POST("/v1/api/auth/logout", { body: { refreshToken: ended.credential.refresh } })).catch(() => void 0);
}
async function checkAgain(ended, secret) {
	const found = await {
		token: () => checkToken(secret),
		user: () => logInUser(ended.email ?? "", secret),
		account: () => logInAccount(ended.email ?? "", secret)
	}[ended.kind]();
	if (ended.kind === "token" && (found.standing !== ended.standing || found.tenantId !== ended.tenantId)) throw new ApiError(403, "SOMEBODY_ELSE", texts$3.errors.somebodyElse);
	return found;
}
async function findStanding(access) {
	const client = apiWith(access);
	const users = await orRefusal(dataOf(client.GET("/users", { params: { query: { limit: 1 } } })));
	if (users) return {
		standing: "admin",
		tenantId: users.users[0]?.tenant_id ?? null
	};
	if (await orRefusal(dataOf(client.GET("/tenants", { params: { query: { limit: 1 } } })))) return {
		standing: "master",
		tenantId: null
	};
	if (await orRefusal(dataOf(client.GET("/v1/api/superadmin/users", { params: { query: { limit: 1 } } })))) return {
		standing: "superadmin",
		tenantId: null
	};
	return {
		standing: access.includes(".") ? "account" : "member",
		tenantId: null
	};
}
async function orRefusal(asked) {
	try {
		return await asked;
	} catch (error) {
		if (error instanceof ApiError && error.status === 403) return null;
		throw error;
	}
}
var refreshers = {
	token: null,
	user: (token) => orEnded(async () => fromUserTokens((await dataOf(publicApi.POST("/login/refresh", { body: { refresh_token: token } }))).data)),
	account: (token) => orEnded(async () => fromAccountTokens(await dataOf(publicApi.POST("/v1/api/auth/refresh", { body: { refreshToken: token } }))))
};
async function orEnded(asked) {
	try {
		return await asked();
	} catch (error) {
		if (error instanceof ApiError && (error.status === 401 || error.status === 400)) return null;
		throw error;
	}
}
function fromUserTokens(pair) {
	return {
		access: pair.access_token,
		refresh: pair.refresh_token,
		expiresAt: expiry(pair.expires_in)
	};
}
function fromAccountTokens(pair) {
	return {
		access: pair.accessToken,
		refresh: pair.refreshToken,
		expiresAt: expiry(pair.expiresIn)
	};
}
function expiry(seconds) {
	return Date.now() + seconds * 1e3 - EARLY_MS;
}
// src/parts/act.ts
function useAct(act) {
	const [busy, setBusy] = d(false);
	const [error, setError] = d(null);
	const running = A(false);
	const start = async (...args) => {
		if (running.current) return;
		running.current = true;
		setBusy(true);
		setError(null);
		try {
			await act(...args);
		} catch (refusal) {
			if (!(refusal instanceof ApiError && refusal.code === "SIGNED_OUT")) setError(refusal);
		} finally {
			running.current = false;
			setBusy(false);
		}
	};
	return {
		busy,
		error,
		problem: error === null ? null : describeError(error),
		start,
		forget: () => setError(null)
	};
}
// src/parts/dialog.tsx
function Dialog({ title, onClose, wide = false, children }) {
	const element = A(null);
	const id = g();
	_(() => {
		const dialog = element.current;
		dialog?.showModal();
		(dialog?.querySelector("[data-focus]") ?? dialog?.querySelector("h2"))?.focus();
		return () => {
			dialog?.close();
			focusHeadingIfLost();
		};
	}, []);
	const cancel = (event) => {
		event.preventDefault();
		onClose?.();
	};
	return u("dialog", {
		ref: element,
		class: wide ? "wide" : void 0,
		"aria-labelledby": id,
		onCancel: cancel,
		children: [u("header", { children: [u("h2", {
			id,
			tabIndex: -1,
			children: title
		}), onClose && u("button", {
			type: "button",
			class: "quiet icon",
			"aria-label": texts$3.dialog.close,
			onClick: onClose,
			children: "✕"
		})] }), children]
	});
}
function focusHeadingIfLost() {
	requestAnimationFrame(() => {
		if (document.activeElement === null || document.activeElement === document.body) document.querySelector("dialog[open] h2, h1")?.focus();
	});
}
// src/texts/sign-in.ts
var texts$2 = {
	title: "Sign in",
	intro: "Administer the users, accounts and tenants of this installation.",
	withToken: "With a token",
	token: "API token or master token",
	tokenHint: "The page finds out what the token allows.",
	tenantUser: "Tenant user",
	tenantUserHint: "For a person who belongs to a tenant.",
	account: "Platform account",
	accountHint: "For the people who run the platform.",
	email: "Email",
	password: "Password",
	show: "Show",
	showTyped: "Show the typed text",
	hide: "Hide",
	hideTyped: "Hide the typed text",
	submit: "Sign in",
	busy: "Signing in…",
	kept: "Nothing is stored: a reload of this page signs you out.",
	refused: "These credentials are not accepted.",
	ended: {
		title: "Your session has ended",
		intro: "Sign in again to go on. What you typed is still there.",
		as: (name) => `You were signed in as ${name}.`,
		goOn: "Go on",
		signOut: "Sign out instead"
	},
	forced: {
		title: "Choose a new password",
		intro: "You signed in with a temporary password. Choose your own to go on.",
		submit: "Save and go on"
	},
	own: {
		title: "Change your password",
		intro: "Your other sessions end. This one goes on.",
		current: "Current password",
		submit: "Change password",
		changed: "Your password is changed."
	},
	newPassword: "New password",
	newPasswordHint: "8 to 128 characters.",
	repeat: "Repeat the new password",
	differs: "The two new passwords differ."
};
// src/parts/fields.tsx
function TextField({ label, hint, problem, optional, onValue, ...input }) {
	return u(Field, {
		label,
		hint,
		problem,
		optional,
		children: (ids) => u("input", {
			type: "text",
			...input,
			...ids,
			onInput: (event) => onValue(event.currentTarget.value)
		})
	});
}
function SecretField({ label, hint, problem, onValue, ...input }) {
	const [visible, setVisible] = d(false);
	return u(Field, {
		label,
		hint,
		problem,
		children: (ids) => u("span", {
			class: "with-button",
			children: [u("input", {
				spellcheck: false,
				autocapitalize: "off",
				...input,
				...ids,
				type: visible ? "text" : "password",
				onInput: (event) => onValue(event.currentTarget.value)
			}), u("button", {
				type: "button",
				class: "quiet",
				"aria-label": visible ? texts$2.hideTyped : texts$2.showTyped,
				onClick: () => setVisible(!visible),
				children: visible ? texts$2.hide : texts$2.show
			})]
		})
	});
}
function Field({ label, hint, problem, optional = false, children }) {
	const id = g();
	const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
	return u("div", {
		class: "field",
		children: [
			u("label", {
				for: id,
				children: label
			}),
			optional && u("span", {
				class: "optional",
				children: [" ", texts$3.optional]
			}),
			children({
				id,
				"aria-describedby": described || void 0,
				"aria-invalid": problem ? true : void 0
			}),
			hint && u("p", {
				class: "hint",
				id: `${id}-hint`,
				children: hint
			}),
			problem && u("p", {
				class: "problem",
				id: `${id}-problem`,
				children: problem
			})
		]
	});
}
// src/parts/notice.tsx
var notice = y(null);
var shown = 0;
function announce(text, undo = null) {
	shown += 1;
	notice.value = {
		number: shown,
		text,
		undo
	};
}
function clearNotice() {
	notice.value = null;
}
function NoticeRegion() {
	const current = notice.value;
	return u("div", {
		class: current ? "notice" : "notice notice-empty",
		children: [
			u("div", {
				role: "status",
				children: current && u("span", { children: current.text }, current.number)
			}),
			current?.undo && u(UndoButton, { undo: current.undo }, current.number),
			current && u("button", {
				type: "button",
				class: "quiet icon",
				"aria-label": texts$3.notice.dismiss,
				onClick: clearNotice,
				children: "✕"
			})
		]
	});
}
function UndoButton({ undo }) {
	const [busy, setBusy] = d(false);
	const start = () => {
		setBusy(true);
		undo();
	};
	return u("button", {
		type: "button",
		"aria-disabled": busy,
		onClick: busy ? void 0 : start,
		children: texts$3.notice.undo
	});
}
// src/parts/small.tsx
function Typed({ children }) {
	return u("bdi", { children });
}
var MOMENT = new Intl.DateTimeFormat("en", {
	dateStyle: "medium",
	timeStyle: "short",
	hourCycle: "h23"
});
function formatMoment(at) {
	const time = new Date(at);
	return Number.isNaN(time.getTime()) ? at : MOMENT.format(time);
}
function Moment({ at }) {
	if (!at) return u("span", {
		class: "muted",
		children: texts$3.never
	});
	return u("time", {
		dateTime: at,
		title: at,
		children: formatMoment(at)
	});
}
function Problem({ children }) {
	return u("p", {
		class: "problem",
		role: "alert",
		children
	});
}
function Badge({ tone = "plain", children }) {
	return u("span", {
		class: `badge ${tone}`,
		children
	});
}
function SecretOnce({ label, secret }) {
	const [state, setState] = d("copy");
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(secret);
			setState("copied");
		} catch {
			setState("failed");
		}
	};
	return u("div", {
		class: "field",
		children: [
			u("span", {
				class: "label",
				children: label
			}),
			u("span", {
				class: "with-button",
				children: [u("output", {
					class: "secret",
					children: secret
				}), u("button", {
					type: "button",
					class: "primary",
					"data-focus": true,
					onClick: copy,
					children: texts$3.copy[state]
				})]
			}),
			u("p", {
				class: "hint",
				children: texts$3.secret
			}),
			u("span", {
				class: "unseen",
				role: "status",
				children: state === "copied" && texts$3.copy.copied
			})
		]
	});
}
// src/parts/theme.ts
var theme = y("system");
x(() => {
	if (theme.value === "system") delete document.documentElement.dataset["theme"];
	else document.documentElement.dataset["theme"] = theme.value;
});
// src/shell/parts.tsx
function Mark() {
	return u("span", {
		class: "mark",
		children: [u("svg", {
			viewBox: "0 0 32 32",
			"aria-hidden": "true",
			children: [
				u("rect", {
					width: "32",
					height: "32",
					rx: "8"
				}),
				u("path", {
					class: "lines",
					d: "M8 9.5h10M8 16h7M8 22.5h5"
				}),
				u("path", {
					class: "tick",
					d: "m17.5 20.5 3 3 5.5-7"
				})
			]
		}), texts$3.product]
	});
}
function ThemeChoice() {
	return u("select", {
		class: "quiet",
		"aria-label": texts$3.shell.theme,
		value: theme.value,
		onChange: (event) => {
			theme.value = event.currentTarget.value;
		},
		children: [
			"system",
			"light",
			"dark"
		].map((one) => u("option", {
			value: one,
			children: texts$3.shell.themes[one]
		}, one))
	});
}
// src/sign-in/passwords.tsx
function ForcedPasswordChange() {
	const change = usePasswordChange((current, chosen) => changeTemporaryPassword(current, chosen));
	return u("main", {
		class: "sign-in",
		children: [u("header", { children: [
			u(Mark, {}),
			u("h1", {
				tabIndex: -1,
				children: texts$2.forced.title
			}),
			u("p", { children: texts$2.forced.intro })
		] }), u("form", {
			class: "card",
			onSubmit: change.submit,
			children: [u(PasswordFields, { change }), u("footer", { children: [u("button", {
				type: "button",
				onClick: () => void signOut(),
				children: texts$3.shell.signOut
			}), u("button", {
				type: "submit",
				class: "primary",
				"aria-disabled": change.busy,
				children: texts$2.forced.submit
			})] })]
		})]
	});
}
function PasswordDialog({ onClose }) {
	const change = usePasswordChange(async (current, chosen) => {
		await changeOwnPassword(current, chosen);
		onClose();
		announce(texts$2.own.changed);
	});
	return u(Dialog, {
		title: texts$2.own.title,
		onClose,
		children: u("form", {
			onSubmit: change.submit,
			children: [
				u("p", { children: texts$2.own.intro }),
				u(PasswordFields, { change }),
				u("footer", { children: [u("button", {
					type: "button",
					onClick: onClose,
					children: texts$3.dialog.cancel
				}), u("button", {
					type: "submit",
					class: "primary",
					"aria-disabled": change.busy,
					children: texts$2.own.submit
				})] })
			]
		})
	});
}
async function changeOwnPassword(current, chosen) {
	const { userId } = session.value ?? {};
	if (userId) await dataOf(api.PUT("/users/{id}/password", {
		params: { path: { id: userId } },
		body: {
			current_password: current,
			new_password: chosen
		}
	}));
	else await dataOf(api.PUT("/v1/api/auth/password", { body: {
		currentPassword: current,
		newPassword: chosen
	} }));
}
function usePasswordChange(save) {
	const [current, setCurrent] = d("");
	const [chosen, setChosen] = d("");
	const [repeated, setRepeated] = d("");
	const [differs, setDiffers] = d(false);
	const act = useAct(save);
	const submit = (event) => {
		event.preventDefault();
		setDiffers(chosen !== repeated);
		if (chosen === repeated) act.start(current, chosen);
	};
	return {
		current,
		setCurrent,
		chosen,
		setChosen,
		repeated,
		setRepeated,
		differs,
		submit,
		...act
	};
}
function PasswordFields({ change }) {
	return u(S, { children: [
		u(SecretField, {
			label: texts$2.own.current,
			autocomplete: "current-password",
			required: true,
			"data-focus": true,
			value: change.current,
			onValue: change.setCurrent
		}),
		u(SecretField, {
			label: texts$2.newPassword,
			hint: texts$2.newPasswordHint,
			autocomplete: "new-password",
			required: true,
			minLength: 8,
			maxLength: 128,
			value: change.chosen,
			onValue: change.setChosen
		}),
		u(SecretField, {
			label: texts$2.repeat,
			autocomplete: "new-password",
			required: true,
			problem: change.differs ? texts$2.differs : null,
			value: change.repeated,
			onValue: change.setRepeated
		}),
		change.problem && u(Problem, { children: change.problem })
	] });
}
// src/sign-in/sign-in.tsx
function SignIn() {
	return u("main", {
		class: "sign-in",
		children: [
			u("header", { children: [
				u(Mark, {}),
				u("h1", {
					tabIndex: -1,
					children: texts$2.title
				}),
				u("p", { children: texts$2.intro })
			] }),
			u("div", {
				class: "groups",
				children: [
					u(PasswordGroup, {
						title: texts$2.tenantUser,
						hint: texts$2.tenantUserHint,
						logIn: logInUser
					}),
					u(PasswordGroup, {
						title: texts$2.account,
						hint: texts$2.accountHint,
						logIn: logInAccount
					}),
					u(TokenGroup, {})
				]
			}),
			u("footer", { children: [u("p", { children: texts$2.kept }), u(ThemeChoice, {})] })
		]
	});
}
function PasswordGroup({ title, hint, logIn }) {
	const [email, setEmail] = d("");
	const [password, setPassword] = d("");
	return u(Group, {
		title,
		hint,
		logIn: () => logIn(email.trim(), password),
		children: [u(TextField, {
			label: texts$2.email,
			type: "email",
			autocomplete: "username",
			required: true,
			value: email,
			onValue: setEmail
		}), u(SecretField, {
			label: texts$2.password,
			autocomplete: "current-password",
			required: true,
			value: password,
			onValue: setPassword
		})]
	});
}
function TokenGroup() {
	const [token, setToken] = d("");
	return u(Group, {
		title: texts$2.withToken,
		hint: texts$2.tokenHint,
		logIn: () => checkToken(token.trim()),
		children: u(SecretField, {
			label: texts$2.token,
			autocomplete: "off",
			required: true,
			value: token,
			onValue: setToken
		})
	});
}
function Group({ title, hint, logIn, children }) {
	const act = useAct(async () => begin(await logIn()));
	const submit = (event) => {
		event.preventDefault();
		act.start();
	};
	return u("form", {
		onSubmit: submit,
		children: u("fieldset", { children: [
			u("legend", { children: title }),
			u("p", {
				class: "hint",
				children: hint
			}),
			children,
			act.problem && u(Problem, { children: isRefusal(act.error) ? texts$2.refused : act.problem }),
			u("button", {
				type: "submit",
				class: "primary",
				"aria-disabled": act.busy,
				children: texts$2.submit
			}),
			u("span", {
				class: "unseen",
				role: "status",
				children: act.busy && texts$2.busy
			})
		] })
	});
}
function isRefusal(error) {
	return error instanceof ApiError && error.status === 401;
}
// src/sign-in/session-ended.tsx
function SessionEndedDialog() {
	const ended = session.value;
	return endedSession.value && ended ? u(EndedDialog, {}, ended.name) : null;
}
function EndedDialog() {
	const [secret, setSecret] = d("");
	const isToken = session.value?.kind === "token";
	const act = useAct(async () => {
		const ended = session.value;
		if (ended) {
			const found = await checkAgain(ended, isToken ? secret.trim() : secret);
			session.value = {
				...ended,
				standing: found.standing
			};
			endedSession.value?.resolve(found.credential);
		}
	});
	const submit = (event) => {
		event.preventDefault();
		act.start();
	};
	return u(Dialog, {
		title: texts$2.ended.title,
		children: u("form", {
			onSubmit: submit,
			children: [
				u("p", { children: [
					u(Typed, { children: texts$2.ended.as(session.value?.name ?? "") }),
					" ",
					texts$2.ended.intro
				] }),
				u(SecretField, {
					label: isToken ? texts$2.token : texts$2.password,
					autocomplete: isToken ? "off" : "current-password",
					required: true,
					"data-focus": true,
					value: secret,
					onValue: setSecret
				}),
				act.problem && u(Problem, { children: isRefusal(act.error) ? texts$2.refused : act.problem }),
				u("footer", { children: [u("button", {
					type: "button",
					onClick: () => void signOut(),
					children: texts$2.ended.signOut
				}), u("button", {
					type: "submit",
					class: "primary",
					"aria-disabled": act.busy,
					children: texts$2.ended.goOn
				})] })
			]
		})
	});
}
// src/parts/address.ts
function parseHash(hash) {
	const [path = "", query = ""] = hash.replace(/^#?\/?/u, "").split("?", 2);
	const [screen = "", ...rest] = path.split("/").map(decode);
	return {
		screen,
		rest,
		query: Object.fromEntries(new URLSearchParams(query))
	};
}
function toHash(path, query = {}) {
	const set = Object.entries(query).filter((entry) => Boolean(entry[1]));
	const search = new URLSearchParams(set).toString();
	return `#/${path.map(encodeURIComponent).join("/")}${search && `?${search}`}`;
}
function decode(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}
// src/parts/route.ts
var route = y(parseHash(location.hash));
addEventListener("hashchange", () => {
	route.value = parseHash(location.hash);
});
function goTo(path, query = {}) {
	location.hash = toHash(path, query);
}
function setQuery(changes) {
	const { screen, rest, query } = route.value;
	const hash = toHash([screen, ...rest], {
		...query,
		...changes
	});
	history.replaceState(null, "", hash);
	route.value = parseHash(hash);
}
// src/parts/filters.tsx
var PAUSE_MS = 300;
function SearchFilter({ label, name, placeholder }) {
	const set = route.value.query[name] ?? "";
	const [text, setText] = d(set);
	const timer = A(void 0);
	const sent = A(set);
	h(() => {
		if (set !== sent.current) {
			sent.current = set;
			setText(set);
		}
	}, [set]);
	h(() => () => clearTimeout(timer.current), []);
	const send = (value) => {
		clearTimeout(timer.current);
		sent.current = value.trim();
		setQuery({ [name]: value.trim() });
	};
	const type = (value) => {
		setText(value);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => send(value), PAUSE_MS);
	};
	return u("label", {
		class: "filter search",
		children: [u("span", { children: label }), u("input", {
			type: "search",
			value: text,
			placeholder,
			spellcheck: false,
			autocapitalize: "off",
			onInput: (event) => type(event.currentTarget.value),
			onKeyDown: (event) => event.key === "Enter" && send(event.currentTarget.value)
		})]
	});
}
function ChoiceFilter({ label, name, options }) {
	return u("label", {
		class: "filter",
		children: [u("span", { children: label }), u("select", {
			value: route.value.query[name] ?? "",
			onChange: (event) => setQuery({ [name]: event.currentTarget.value }),
			children: options.map(([value, text]) => u("option", {
				value,
				children: text
			}, value))
		})]
	});
}
// src/parts/pages.tsx
function usePages(filters) {
	const [kept, setKept] = d({
		filters,
		cursors: []
	});
	const cursors = kept.filters === filters ? kept.cursors : [];
	return {
		cursor: cursors.at(-1),
		number: cursors.length,
		next: (cursor) => setKept({
			filters,
			cursors: [...cursors, cursor]
		}),
		previous: () => setKept({
			filters,
			cursors: cursors.slice(0, -1)
		})
	};
}
function Pager({ pages, label, size, count, nextCursor }) {
	const first = pages.number * size + 1;
	const range = texts$3.pages.range(first, first + count - 1);
	return u("nav", {
		class: "pager",
		"aria-label": label,
		children: [
			u("span", {
				role: "status",
				children: count ? `${label} ${range}, ${nextCursor ? texts$3.pages.more : texts$3.pages.end}` : texts$3.pages.none
			}),
			u("button", {
				type: "button",
				"aria-disabled": !pages.number,
				onClick: () => pages.number && pages.previous(),
				children: texts$3.pages.previous
			}),
			u("button", {
				type: "button",
				"aria-disabled": !nextCursor,
				onClick: () => nextCursor && pages.next(nextCursor),
				children: texts$3.pages.next
			})
		]
	});
}
// src/texts/tenants.ts
var texts$1 = {
	title: "Tenants",
	register: "Register tenant",
	search: "Search by name",
	status: "Status",
	statuses: {
		active: "active",
		scheduled: "deletion scheduled",
		deleting: "being deleted"
	},
	name: "Name",
	created: "Created",
	deletesAt: "Deleted from",
	acts: "Acts",
	none: "No tenant is listed with these filters.",
	open: (name) => `Details of ${name}`,
	audit: "Audit",
	auditOf: (name) => `Audit of ${name}`,
	delete: "Delete",
	deleteOf: (name) => `Delete ${name}`,
	restore: "Restore",
	restoreOf: (name) => `Restore ${name}`,
	restored: (name) => `${name} is restored. Everything is as it was.`,
	progress: "Progress",
	progressOf: (name) => `Progress of the deletion of ${name}`,
	details: {
		id: "Id",
		changed: "Changed",
		protection: "Protection against deletion",
		on: "on",
		off: "off",
		protect: "Protect against deletion",
		lift: "Lift the protection",
		protected: (name) => `${name} is protected against deletion.`,
		lifted: (name) => `${name} is no longer protected against deletion.`,
		changedMeanwhile: "Somebody else changed this tenant meanwhile. Its present state is shown here. Nothing was overwritten."
	},
	registration: {
		title: "Register a tenant",
		name: "Name of the tenant",
		email: "Email of its first admin",
		password: "Password of the admin",
		passwordHint: "8 to 128 characters. The admin can change it after signing in.",
		submit: "Register",
		done: (name) => `${name} is registered.`,
		token: (email) => `API token of ${email}`
	},
	deletion: {
		title: (name) => `Delete ${name}?`,
		running: (name) => `Deletion of ${name}`,
		intro: "This removes the tenant and everything that belongs to it. It can't be undone.",
		counting: "Counting what will be deleted…",
		willGo: "What will be deleted",
		atLeast: "There is more than was counted here.",
		when: "When",
		now: "Now",
		later: "In some days",
		nowHint: "Nobody of the tenant gets in any more, and the data is removed at once.",
		laterHint: "Nobody of the tenant gets in any more. Until that day the tenant can be restored.",
		days: "Days until the deletion",
		daysHint: "1 to 90",
		reason: "Reason",
		reasonHint: "Kept in the audit. Up to 500 characters.",
		confirm: "Type the name to confirm",
		differs: "This is not the name of the tenant.",
		submitNow: "Delete now",
		submitLater: "Schedule the deletion",
		protected: "This tenant is protected against deletion. Lift the protection first, under its details.",
		scheduled: (name) => `The deletion of ${name} is scheduled. Nobody of it gets in any more.`,
		label: "Deleted so far",
		items: (deleted, total) => `${deleted} of ${total} items`,
		percent: (percent) => `${percent} percent deleted`,
		waiting: "The tenant is closed. The removal begins…",
		failed: "The deletion has stopped. It is tried again within five minutes.",
		goesOn: "The deletion goes on if you close this.",
		willBegin: "The removal begins from this time on:",
		deleted: "Deleted",
		verified: "Reads of every partition of the tenant found nothing.",
		receipt: "Save receipt",
		facts: {
			requested: "Requested",
			requestedBy: "Requested by",
			deleted: "Deleted",
			attempts: "Attempts"
		}
	},
	kinds: {
		users: "users",
		devices: "devices",
		sessions: "sessions",
		tokens: "API tokens",
		emails: "reserved emails",
		credentials: "passwords",
		names: "reserved name",
		tenants: "tenant",
		webhooks: "webhooks"
	}
};
// src/tenants/details.tsx
function DetailsDialog({ tenant, onClose }) {
	const [changedMeanwhile, setChangedMeanwhile] = d(false);
	const details = useTenantDetails(tenant.id);
	const current = details.data?.data;
	const protect = useAct(async (wanted) => {
		setChangedMeanwhile(false);
		try {
			announceProtection(tenant, wanted, await setProtection(tenant.id, wanted, details.data?.etag ?? null));
		} catch (error) {
			if (!(error instanceof ApiError && error.status === 412)) throw error;
			setChangedMeanwhile(true);
		}
		await details.refetch();
	});
	return u(Dialog, {
		title: tenant.name,
		onClose,
		children: u("div", {
			class: "body",
			children: [
				details.error && u(Problem, { children: describeError(details.error) }),
				changedMeanwhile && u(Problem, { children: texts$1.details.changedMeanwhile }),
				u("dl", {
					class: "facts",
					children: [
						u("dt", { children: texts$1.details.id }),
						u("dd", {
							class: "mono",
							children: tenant.id
						}),
						u("dt", { children: texts$1.created }),
						u("dd", { children: u(Moment, { at: tenant.created_at }) }),
						u("dt", { children: texts$1.details.changed }),
						u("dd", { children: u(Moment, { at: current?.updated_at ?? tenant.updated_at }) }),
						u("dt", { children: texts$1.details.protection }),
						u("dd", { children: current ? u(Badge, {
							tone: current.deletion_protection ? "good" : "plain",
							children: current.deletion_protection ? texts$1.details.on : texts$1.details.off
						}) : texts$3.loading })
					]
				}),
				protect.problem && u(Problem, { children: protect.problem }),
				u("footer", { children: [current && u("button", {
					type: "button",
					"aria-disabled": protect.busy,
					onClick: () => void protect.start(!current.deletion_protection),
					children: current.deletion_protection ? texts$1.details.lift : texts$1.details.protect
				}), u("button", {
					type: "button",
					class: "primary",
					onClick: onClose,
					children: texts$3.dialog.done
				})] })
			]
		})
	});
}
function useTenantDetails(id) {
	return useQuery({
		queryKey: ["tenant", id],
		queryFn: async ({ signal }) => {
			const { data, etag } = await answerOf(api.GET("/global/tenants/{id}", {
				params: { path: { id } },
				signal
			}));
			return {
				data: data.data,
				etag
			};
		},
		staleTime: 0
	});
}
async function setProtection(id, wanted, version) {
	const { etag } = await answerOf(api.PUT("/global/tenants/{id}", {
		params: {
			path: { id },
			header: version ? { "If-Match": version } : {}
		},
		body: { deletion_protection: wanted }
	}));
	return etag;
}
function announceProtection(tenant, isProtected, version) {
	announce((isProtected ? texts$1.details.protected : texts$1.details.lifted)(tenant.name), async () => {
		try {
			const next = await setProtection(tenant.id, !isProtected, version);
			announceProtection(tenant, !isProtected, next);
		} catch (error) {
			announce(describeError(error));
		}
	});
}
// src/parts/download.ts
function saveFile(name, text, type) {
	const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
	const link = document.createElement("a");
	link.href = address;
	link.download = name;
	link.click();
	URL.revokeObjectURL(address);
}
// src/parts/progress.tsx
function Progress({ label, done, total, text }) {
	const id = g();
	return u("div", {
		class: "progress",
		children: [
			u("span", {
				id,
				children: label
			}),
			u("progress", {
				"aria-labelledby": id,
				max: total,
				value: done ?? void 0
			}),
			text && u("span", {
				class: "muted",
				children: text
			})
		]
	});
}
// src/tenants/progress.tsx
var POLL_MS = 700;
var SAID_STEP = 25;
function DeletionProgress({ tenant, onClose }) {
	const job = useDeletion(tenant.id);
	const deletion = job.data;
	return u("div", {
		class: "body",
		children: [
			job.error && u(Problem, { children: describeError(job.error) }),
			deletion?.status === "deleted" ? u(Receipt, { deletion }) : u(Running, { deletion: deletion ?? null }),
			u("footer", { children: [deletion?.status === "deleted" && u("button", {
				type: "button",
				class: "primary",
				onClick: () => saveReceipt(deletion),
				children: texts$1.deletion.receipt
			}), u("button", {
				type: "button",
				onClick: onClose,
				children: deletion?.status === "deleted" ? texts$3.dialog.done : texts$3.dialog.close
			})] })
		]
	});
}
function useDeletion(id) {
	return useQuery({
		queryKey: ["deletion", id],
		queryFn: async ({ signal }) => {
			try {
				return (await dataOf(api.GET("/global/tenants/{id}/deletion", {
					params: { path: { id } },
					signal
				}))).data;
			} catch (error) {
				if (error instanceof ApiError && error.status === 404) return null;
				throw error;
			}
		},
		refetchInterval: (query) => query.state.data?.status === "deleted" ? false : POLL_MS,
		staleTime: 0
	});
}
function Running({ deletion }) {
	const focused = useFocus();
	const known = deletion && sum(deletion.total) > 0;
	const percent = deletion?.status === "deleting" ? deletion.percent : 0;
	return u(S, { children: [
		u("div", {
			ref: focused,
			tabIndex: -1,
			children: u(Progress, {
				label: texts$1.deletion.label,
				done: known ? percent : null,
				total: 100,
				text: known ? texts$1.deletion.items(sum(deletion.deleted), sum(deletion.total)) : texts$1.deletion.waiting
			})
		}),
		deletion?.status === "failed" && u(Problem, { children: texts$1.deletion.failed }),
		u("p", {
			class: "muted",
			children: texts$1.deletion.goesOn
		}),
		u("span", {
			class: "unseen",
			role: "status",
			children: texts$1.deletion.percent(Math.floor(percent / SAID_STEP) * SAID_STEP)
		})
	] });
}
function Receipt({ deletion }) {
	const focused = useFocus();
	return u(S, { children: [
		u("div", {
			role: "status",
			children: u("h3", {
				class: "done",
				ref: focused,
				tabIndex: -1,
				children: texts$1.deletion.deleted
			})
		}),
		deletion.verified && u("p", { children: texts$1.deletion.verified }),
		u(CountList, { counts: deletion.deleted }),
		u("dl", {
			class: "facts",
			children: [
				u("dt", { children: texts$1.deletion.facts.requested }),
				u("dd", { children: u(Moment, { at: deletion.requested_at }) }),
				u("dt", { children: texts$1.deletion.facts.deleted }),
				u("dd", { children: u(Moment, { at: deletion.deleted_at }) }),
				u("dt", { children: texts$1.deletion.facts.requestedBy }),
				u("dd", { children: deletion.requested_by }),
				u("dt", { children: texts$1.deletion.facts.attempts }),
				u("dd", { children: deletion.attempts })
			]
		})
	] });
}
function saveReceipt(deletion) {
	saveFile(`deletion-${deletion.tenant_id}.json`, `${JSON.stringify(deletion, null, 2)}\n`, "application/json");
}
function useFocus() {
	const element = A(null);
	h(() => element.current?.focus(), []);
	return element;
}
function sum(counts) {
	return Object.values(counts).reduce((total, count) => total + count, 0);
}
// src/tenants/deletion.tsx
function DeletionDialog({ tenant, isScheduled, onClose }) {
	const [running, setRunning] = d(false);
	const act = useAct(async (days, reason) => {
		setRunning(days === null);
		try {
			await requestDeletion(tenant, days, reason);
		} catch (error) {
			setRunning(false);
			throw error;
		}
		if (days === null) await queryClient.invalidateQueries({ queryKey: ["deletion", tenant.id] });
		else {
			onClose();
			announce(texts$1.deletion.scheduled(tenant.name));
		}
	});
	return u(Dialog, {
		title: (running ? texts$1.deletion.running : texts$1.deletion.title)(tenant.name),
		onClose,
		children: running ? u(DeletionProgress, {
			tenant,
			onClose
		}) : u(DeletionForm, {
			tenant,
			isScheduled,
			busy: act.busy,
			problem: act.problem,
			onCancel: onClose,
			onConfirm: (days, reason) => void act.start(days, reason)
		})
	});
}
function ProgressDialog({ tenant, onClose }) {
	return u(Dialog, {
		title: texts$1.deletion.running(tenant.name),
		onClose,
		children: u(DeletionProgress, {
			tenant,
			onClose
		})
	});
}
async function requestDeletion(tenant, days, reason) {
	await dataOf(api.DELETE("/global/tenants/{id}", { params: {
		path: { id: tenant.id },
		query: {
			...days !== null && { grace_days: days },
			...reason && { reason }
		},
		header: { "X-Confirm-Tenant-Name": encodeURIComponent(tenant.name) }
	} }));
}
function DeletionForm({ tenant, isScheduled, busy, problem, onCancel, onConfirm }) {
	const [later, setLater] = d(false);
	const [days, setDays] = d("7");
	const [reason, setReason] = d("");
	const [typed, setTyped] = d("");
	const [differs, setDiffers] = d(false);
	const isProtected = useTenantDetails(tenant.id).data?.data.deletion_protection === true;
	const submit = (event) => {
		event.preventDefault();
		const matches = typed.trim() === tenant.name.trim();
		setDiffers(!matches);
		if (matches && !isProtected) onConfirm(later ? Number(days) : null, reason.trim());
	};
	return u("form", {
		onSubmit: submit,
		children: [
			u("p", { children: texts$1.deletion.intro }),
			isProtected && u(Problem, { children: texts$1.deletion.protected }),
			u(Preview, { id: tenant.id }),
			!isScheduled && u("fieldset", {
				class: "choices",
				children: [
					u("legend", {
						class: "label",
						children: texts$1.deletion.when
					}),
					u(Choice, {
						label: texts$1.deletion.now,
						hint: texts$1.deletion.nowHint,
						checked: !later,
						onChoose: () => setLater(false)
					}),
					u(Choice, {
						label: texts$1.deletion.later,
						hint: texts$1.deletion.laterHint,
						checked: later,
						onChoose: () => setLater(true)
					})
				]
			}),
			later && u(TextField, {
				label: texts$1.deletion.days,
				hint: texts$1.deletion.daysHint,
				type: "number",
				min: 1,
				max: 90,
				required: true,
				value: days,
				onValue: setDays
			}),
			u(TextField, {
				label: texts$1.deletion.reason,
				hint: texts$1.deletion.reasonHint,
				optional: true,
				maxLength: 500,
				autocomplete: "off",
				value: reason,
				onValue: setReason
			}),
			u(TextField, {
				label: texts$1.deletion.confirm,
				hint: tenant.name,
				problem: differs ? texts$1.deletion.differs : null,
				required: true,
				autocomplete: "off",
				spellcheck: false,
				value: typed,
				onValue: setTyped
			}),
			problem && u(Problem, { children: problem }),
			u("footer", { children: [u("button", {
				type: "button",
				onClick: onCancel,
				children: texts$3.dialog.cancel
			}), u("button", {
				type: "submit",
				class: "danger primary",
				"aria-disabled": busy || isProtected,
				children: later ? texts$1.deletion.submitLater : texts$1.deletion.submitNow
			})] })
		]
	});
}
function Choice({ label, hint, checked, onChoose }) {
	return u("label", {
		class: "choice",
		children: [u("input", {
			type: "radio",
			name: "when",
			checked,
			onChange: onChoose
		}), u("span", { children: [label, u("span", {
			class: "hint",
			children: hint
		})] })]
	});
}
function Preview({ id }) {
	const preview = useQuery({
		queryKey: ["deletion-preview", id],
		queryFn: async ({ signal }) => {
			const { data } = await dataOf(api.DELETE("/global/tenants/{id}", {
				params: {
					path: { id },
					query: { dry_run: true }
				},
				signal
			}));
			return "would_delete" in data ? data : null;
		},
		staleTime: 0
	});
	return u("section", {
		"aria-label": texts$1.deletion.willGo,
		"aria-busy": preview.isFetching,
		children: [
			u("h3", { children: texts$1.deletion.willGo }),
			preview.isPending && u("p", {
				class: "muted",
				children: texts$1.deletion.counting
			}),
			preview.error && u(Problem, { children: describeError(preview.error) }),
			preview.data && u(CountList, { counts: preview.data.would_delete }),
			preview.data?.complete === false && u("p", {
				class: "muted",
				children: texts$1.deletion.atLeast
			})
		]
	});
}
function CountList({ counts }) {
	const rows = Object.entries(counts).filter(([, count]) => count > 0).sort((one, other) => other[1] - one[1]);
	return u("ul", {
		class: "counts",
		children: rows.map(([kind, count]) => u("li", { children: [
			u("strong", { children: count }),
			" ",
			texts$1.kinds[kind] ?? kind
		] }, kind))
	});
}
// src/tenants/registration.tsx
function RegistrationDialog({ onClose }) {
	const [registered, setRegistered] = d(null);
	return u(Dialog, {
		title: texts$1.registration.title,
		onClose,
		children: registered ? u("div", {
			class: "body",
			children: [
				u("p", { children: texts$1.registration.done(registered.tenant.name) }),
				u(SecretOnce, {
					label: texts$1.registration.token(registered.user.email),
					secret: registered.token
				}),
				u("footer", { children: u("button", {
					type: "button",
					onClick: onClose,
					children: texts$3.dialog.done
				}) })
			]
		}) : u(RegistrationForm, {
			onClose,
			onDone: setRegistered
		})
	}, registered ? "token" : "form");
}
function RegistrationForm({ onClose, onDone }) {
	const [name, setName] = d("");
	const [email, setEmail] = d("");
	const [password, setPassword] = d("");
	const key = useIdempotencyKey(JSON.stringify([
		name,
		email,
		password
	]));
	const act = useAct(async () => {
		const registered = await dataOf(api.POST("/register", {
			params: { header: { "Idempotency-Key": key } },
			body: {
				tenant_name: name.trim(),
				email: email.trim(),
				password
			}
		}));
		announce(texts$1.registration.done(registered.tenant.name));
		queryClient.invalidateQueries({ queryKey: ["tenants"] });
		onDone(registered);
	});
	const submit = (event) => {
		event.preventDefault();
		act.start();
	};
	return u("form", {
		onSubmit: submit,
		children: [
			u(TextField, {
				label: texts$1.registration.name,
				autocomplete: "off",
				required: true,
				"data-focus": true,
				value: name,
				onValue: setName
			}),
			u(TextField, {
				label: texts$1.registration.email,
				type: "email",
				autocomplete: "off",
				required: true,
				value: email,
				onValue: setEmail
			}),
			u(SecretField, {
				label: texts$1.registration.password,
				hint: texts$1.registration.passwordHint,
				autocomplete: "new-password",
				required: true,
				minLength: 8,
				maxLength: 128,
				value: password,
				onValue: setPassword
			}),
			act.problem && u(Problem, { children: act.problem }),
			u("footer", { children: [u("button", {
				type: "button",
				onClick: onClose,
				children: texts$3.dialog.cancel
			}), u("button", {
				type: "submit",
				class: "primary",
				"aria-disabled": act.busy,
				children: texts$1.registration.submit
			})] })
		]
	});
}
function useIdempotencyKey(content) {
	const [kept, setKept] = d(() => ({
		content,
		key: crypto.randomUUID()
	}));
	if (kept.content === content) return kept.key;
	const next = {
		content,
		key: crypto.randomUUID()
	};
	setKept(next);
	return next.key;
}
// src/tenants/page.tsx
var SIZE$1 = 50;
var STATUSES = [
	"active",
	"scheduled",
	"deleting"
];
function TenantsPage() {
	const [opened, setOpened] = d(null);
	const filters = usedFilters$1();
	const pages = usePages(JSON.stringify(filters));
	const list = useQuery({
		queryKey: [
			"tenants",
			filters,
			pages.cursor
		],
		queryFn: ({ signal }) => dataOf(api.GET("/tenants", {
			params: { query: {
				...filters,
				limit: SIZE$1,
				...pages.cursor && { cursor: pages.cursor }
			} },
			signal
		})),
		placeholderData: keepPreviousData
	});
	const close = () => {
		setOpened(null);
		reload();
	};
	return u(S, { children: [
		u("header", {
			class: "head",
			children: [u("h1", {
				tabIndex: -1,
				children: texts$1.title
			}), u("button", {
				type: "button",
				class: "primary",
				onClick: () => setQuery({ do: "register" }),
				children: texts$1.register
			})]
		}),
		u("div", {
			class: "filters",
			children: [u(SearchFilter, {
				label: texts$1.search,
				name: "name"
			}), u(ChoiceFilter, {
				label: texts$1.status,
				name: "status",
				options: STATUSES.map((status) => [status === "active" ? "" : status, texts$1.statuses[status]])
			})]
		}),
		list.error && u(Problem, { children: describeError(list.error) }),
		u("div", {
			class: "table-frame",
			"aria-busy": list.isFetching,
			children: [u("table", { children: [u("thead", { children: u("tr", { children: [
				u("th", {
					scope: "col",
					children: texts$1.name
				}),
				u("th", {
					scope: "col",
					children: texts$1.status
				}),
				u("th", {
					scope: "col",
					children: filters.status === "scheduled" ? texts$1.deletesAt : texts$1.created
				}),
				u("th", {
					scope: "col",
					children: u("span", {
						class: "unseen",
						children: texts$1.acts
					})
				})
			] }) }), u("tbody", { children: list.data?.tenants.map((tenant) => u(TenantRow, {
				tenant,
				status: filters.status ?? "active",
				open: setOpened
			}, tenant.id)) })] }), list.data?.tenants.length === 0 && u("p", {
				class: "empty",
				children: texts$1.none
			})]
		}),
		u(Pager, {
			pages,
			label: texts$1.title,
			size: SIZE$1,
			count: list.data?.tenants.length ?? 0,
			nextCursor: list.data?.next_cursor
		}),
		opened?.what === "details" && u(DetailsDialog, {
			tenant: opened.tenant,
			onClose: close
		}),
		opened?.what === "delete" && u(DeletionDialog, {
			tenant: opened.tenant,
			isScheduled: filters.status === "scheduled",
			onClose: close
		}),
		opened?.what === "progress" && u(ProgressDialog, {
			tenant: opened.tenant,
			onClose: close
		}),
		route.value.query["do"] === "register" && u(RegistrationDialog, { onClose: () => setQuery({ do: null }) })
	] });
}
function TenantRow({ tenant, status, open }) {
	const { id, name } = tenant;
	const restore = useAct(async () => {
		await dataOf(api.POST("/global/tenants/{id}/restore", { params: { path: { id } } }));
		announce(texts$1.restored(name));
		await reload();
		focusHeadingIfLost();
	});
	return u("tr", { children: [
		u("th", {
			scope: "row",
			children: [u("button", {
				type: "button",
				class: "link",
				title: texts$1.open(name),
				onClick: () => open({
					what: "details",
					tenant
				}),
				children: u(Typed, { children: name })
			}), restore.problem && u(Problem, { children: restore.problem })]
		}),
		u("td", { children: u(Badge, {
			tone: status === "active" ? "good" : status === "scheduled" ? "warn" : "bad",
			children: texts$1.statuses[status]
		}) }),
		u("td", { children: u(Moment, { at: status === "scheduled" ? tenant.deletes_at : tenant.created_at }) }),
		u("td", {
			class: "acts",
			children: [
				u("a", {
					class: "button quiet",
					href: toHash(["audit"], { tenant: id }),
					"aria-label": texts$1.auditOf(name),
					children: texts$1.audit
				}),
				status === "scheduled" && u("button", {
					type: "button",
					"aria-label": texts$1.restoreOf(name),
					"aria-disabled": restore.busy,
					onClick: () => void restore.start(),
					children: texts$1.restore
				}),
				status === "deleting" ? u("button", {
					type: "button",
					"aria-label": texts$1.progressOf(name),
					onClick: () => open({
						what: "progress",
						tenant
					}),
					children: texts$1.progress
				}) : u("button", {
					type: "button",
					class: "danger",
					"aria-label": texts$1.deleteOf(name),
					onClick: () => open({
						what: "delete",
						tenant
					}),
					children: texts$1.delete
				})
			]
		})
	] });
}
function reload() {
	return queryClient.invalidateQueries({ queryKey: ["tenants"] });
}
function usedFilters$1() {
	const { name, status } = route.value.query;
	return {
		...name && { name },
		...STATUSES.includes(status) && { status }
	};
}
// src/texts/users.ts
var texts = {
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
	roleOf: (email) => `Role of ${email}`
};
// src/users/page.tsx
var SIZE = 50;
var ROLES = [
	"admin",
	"manager",
	"user"
];
function UsersPage() {
	const filters = usedFilters();
	const pages = usePages(JSON.stringify(filters));
	const list = useQuery({
		queryKey: [
			"users",
			filters,
			pages.cursor
		],
		queryFn: ({ signal }) => dataOf(api.GET("/users", {
			params: { query: {
				...filters,
				limit: SIZE,
				include: "allowed_roles",
				...pages.cursor && { cursor: pages.cursor }
			} },
			signal
		})),
		placeholderData: keepPreviousData
	});
	return u(S, { children: [
		u("header", {
			class: "head",
			children: u("h1", {
				tabIndex: -1,
				children: texts.title
			})
		}),
		u("div", {
			class: "filters",
			children: [
				u(SearchFilter, {
					label: texts.search,
					name: "email"
				}),
				u(ChoiceFilter, {
					label: texts.role,
					name: "role",
					options: [["", texts.anyRole], ...ROLES.map((role) => [role, role])]
				}),
				u(ChoiceFilter, {
					label: texts.state,
					name: "active",
					options: [
						["", texts.anyState],
						["true", texts.active],
						["false", texts.inactive]
					]
				})
			]
		}),
		list.error && u(Problem, { children: describeError(list.error) }),
		u("div", {
			class: "table-frame",
			"aria-busy": list.isFetching,
			children: u("table", { children: [u("thead", { children: u("tr", { children: [
				u("th", {
					scope: "col",
					children: texts.email
				}),
				u("th", {
					scope: "col",
					children: texts.role
				}),
				u("th", {
					scope: "col",
					children: texts.until
				}),
				u("th", {
					scope: "col",
					children: texts.state
				}),
				u("th", {
					scope: "col",
					children: texts.changed
				})
			] }) }), u("tbody", { children: list.data?.users.map((user) => u("tr", { children: [
				u("th", {
					scope: "row",
					children: u(Typed, { children: user.email })
				}),
				u("td", { children: texts$3.roles[user.role] }),
				u("td", { children: user.role_until && u(Moment, { at: user.role_until }) }),
				u("td", { children: u(Badge, {
					tone: user.active ? "good" : "plain",
					children: user.active ? texts.active : texts.inactive
				}) }),
				u("td", { children: u(Moment, { at: user.updated_at }) })
			] }, user.id)) })] })
		}),
		u(Pager, {
			pages,
			label: texts.title,
			size: SIZE,
			count: list.data?.users.length ?? 0,
			nextCursor: list.data?.next_cursor
		})
	] });
}
function usedFilters() {
	const { email, role, active } = route.value.query;
	return {
		...email && { email },
		...ROLES.includes(role) && { role },
		...(active === "true" || active === "false") && { active: active === "true" }
	};
}
// src/shell/pages.ts
var pages = {
	users: UsersPage,
	tenants: TenantsPage
};
// src/shell/shell.tsx
function Shell() {
	const [changesPassword, setChangesPassword] = d(false);
	const current = currentScreen();
	useFocusOnNewScreen(current);
	const Page = (current && pages[current]) ?? Nothing;
	return u(S, { children: [
		u("a", {
			class: "skip",
			href: "#main",
			onClick: focusMain,
			children: texts$3.shell.skip
		}),
		u("header", {
			class: "bar",
			children: [
				u(Mark, {}),
				u("nav", {
					"aria-label": texts$3.shell.screens,
					children: shownScreens().map((screen) => u("a", {
						href: toHash([screen]),
						"aria-current": screen === current ? "page" : void 0,
						children: texts$3.screens[screen]
					}, screen))
				}),
				u("div", {
					class: "who",
					children: [
						u("span", {
							class: "name",
							title: session.value?.name,
							children: u(Typed, { children: session.value?.name })
						}),
						u(ThemeChoice, {}),
						session.value?.kind !== "token" && u("button", {
							type: "button",
							class: "quiet",
							onClick: () => setChangesPassword(true),
							children: texts$3.shell.changePassword
						}),
						u("button", {
							type: "button",
							onClick: leave,
							children: texts$3.shell.signOut
						})
					]
				})
			]
		}),
		u("main", {
			id: "main",
			tabIndex: -1,
			children: u(Page, {}, current)
		}),
		u(NoticeRegion, {}),
		changesPassword && u(PasswordDialog, { onClose: () => setChangesPassword(false) })
	] });
}
function shownScreens() {
	return screens.value.filter((screen) => pages[screen]);
}
function currentScreen() {
	const shown = shownScreens();
	return shown.find((screen) => screen === route.value.screen) ?? shown[0];
}
function Nothing() {
	return u(S, { children: [u("h1", {
		tabIndex: -1,
		children: texts$3.product
	}), u("p", { children: texts$3.shell.nothing })] });
}
function leave() {
	clearNotice();
	goTo([]);
	signOut();
}
function focusMain(event) {
	event.preventDefault();
	document.getElementById("main")?.focus();
}
function useFocusOnNewScreen(screen) {
	const last = A(null);
	h(() => {
		if (last.current !== screen) document.querySelector("h1")?.focus();
		last.current = screen;
	}, [screen]);
}
// src/main.tsx
function App() {
	return u(QueryClientProvider, {
		client: queryClient,
		children: [u(Page, {}), u(SessionEndedDialog, {})]
	});
}
function Page() {
	if (!session.value) return u(SignIn, {});
	return session.value.mustChangePassword ? u(ForcedPasswordChange, {}) : u(Shell, {});
}
var root = document.getElementById("app");
if (root) {
	root.replaceChildren();
	R(u(App, {}), root);
}
