import{a as e,c as t,d as n,f as r,h as i,i as a,l as o,m as s,n as c,o as l,p as u,r as d,s as f,t as p,u as m}from"./packages-BMk51Oqq.js"
var h={admin:`Admin of a tenant`,member:`Member of a tenant`,superadmin:`Superadmin`,account:`Platform account`,master:`Operator`},
ee={users:`Users`,accounts:`Accounts`,tenants:`Tenants`,audit:`Audit`,webhooks:`Webhooks`},
te={admin:`admin`,manager:`manager`,user:`user`,ROLE_CLIENT:`client`,ROLE_VERIFIED_USER:`verified user`,ROLE_ADMIN:`admin`,ROLE_SUPERADMIN:`superadmin`},
ne={system:`System colours`,light:`Light`,dark:`Dark`},
re=e=>`The API answered with status ${e}`,
ie=e=>`Try again in ${e===1?`a second`:`${e} seconds`}.`,
ae=(e,t)=>`Somebody changed this meanwhile. You saw ${e}. Now it is ${t}. Nothing was overwritten.`,
oe=(e,t)=>`The change of ${e} was not undone. ${t}`,
se=({first:e,last:t,number:n,isEnd:r})=>[e===t?e:`${e} to ${t}`,r?` of ${t}`:` of more than ${t}`,r&&n===1?``:`, page ${n}`].join(``),
ce={copy:`Copy`,copied:`Copied`,failed:`Select the text and copy it`},
g=class extends Error{status;code;fields;retryAfter;name=`ApiError`;constructor(e,t,n,r=[],i=null){super(n),this.status=e,this.code=t,this.fields=r,this.retryAfter=i}get isTemporary(){return this.status===0||this.status===429||this.status===503}}
function le(e,t){let n=fe(t)?t:{},r=n.validation??n.fieldErrors??[],i=Number(e.headers.get(`Retry-After`)??NaN);return new g(e.status,pe(n.error_code)??pe(n.code)??`HTTP_${e.status}`,pe(n.message)??pe(n.error)??re(e.status),r,Number.isFinite(i)?i:null)}
function ue(e){return e instanceof TypeError?new g(0,`UNREACHABLE`,`The API did not answer. Check the connection and try again.`):e}
function _(e){if(!(e instanceof g))return`Something went wrong in this page. Reload it and try again.`;let t=e.fields.map(e=>e.field?`${e.field}: ${e.message}`:e.message),n=e.isTemporary&&e.retryAfter?ie(e.retryAfter):``;return[de(t.length?t.join(`; `):e.message),n].filter(Boolean).join(` `)}
function de(e){let t=e.trim(),n=/[.!?…]$/u.test(t)?t:`${t}.`;return n.charAt(0).toUpperCase()+n.slice(1)}
function fe(e){return typeof e==`object`&&!!e}
function pe(e){return typeof e==`string`&&e!==``?e:null}
var me=3,
v=new c({defaultOptions:{queries:{staleTime:1e4,refetchOnWindowFocus:!1,retry:(e,t)=>t instanceof g&&t.isTemporary&&e<me,retryDelay:(e,t)=>he(e,t)}}})
function he(e,t){let n=t instanceof g?t.retryAfter:null;return n===null?500*2**e:Math.min(n,30)*1e3}
function ge(e,t,n){return[e,t,n]}
var _e=null,
ve=!1
function ye(e){_e=e}
function y(e){let t=e;return{get value(){return t},set value(e){Object.is(t,e)||(t=e,Se())}}}
var be=[]
function b(e){let t=y(e);return be.push(()=>{t.value=e}),t}
function xe(){for(let e of be)e()}
function Se(){ve||(ve=!0,queueMicrotask(()=>{ve=!1,_e?.()}))}
var x=y(null),
Ce={admin:[`users`,`audit`,`webhooks`],member:[`users`],superadmin:[`accounts`],account:[],master:[`tenants`,`audit`]}
function S(){return x.value?Ce[x.value.standing]:[]}
function we(e){x.value&&={...x.value,credential:e}}
function Te(){let e=null;addEventListener(`focusin`,t=>{e=t.target}),new MutationObserver(()=>{e&&!e.isConnected&&document.activeElement===document.body&&[...document.querySelectorAll(`h1, dialog[open] h2`)].at(-1)?.focus()}).observe(document.body,{childList:!0,subtree:!0})}
var Ee=y(null)
async function De(){let e=await new Promise(e=>{Ee.value={resolve:e}});return Ee.value=null,e}
var Oe=new class{#e=null;refresh=null;async renew(e,t){let n=x.value?.credential;n&&n.access!==e.access||(this.#e??=this.#t(e,t).finally(()=>{this.#e=null}),await this.#e)}async#t(e,t){let n=(e.refresh&&this.refresh?await this.refresh(e.refresh):null)??await t();if(!n||!x.value)throw new g(401,`SIGNED_OUT`,``);we(n)}},
ke=new URL(`.`,document.baseURI).href.replace(/\/$/u,``),
Ae=p({baseUrl:ke}),
C=p({baseUrl:ke,fetch:Me})
function je(e){return p({baseUrl:ke,headers:{Authorization:`Bearer ${e}`}})}
async function w(e){return(await T(e)).data}
async function T(e){let t;try{t=await e}catch(e){throw e instanceof SyntaxError?new g(502,`UNREADABLE`,e.message):ue(e)}if(!t.response.ok)throw le(t.response,t.error);return{data:t.data,etag:t.response.headers.get(`ETag`)}}
async function Me(e){for(;;){let t=await Ne(),n=e.clone();n.headers.set(`Authorization`,`Bearer ${t.access}`);let r=await fetch(n);if(r.status!==401)return r;await Oe.renew(t,De)}}
async function Ne(){let e=x.value?.credential;if(!e)throw new g(401,`SIGNED_OUT`,``);return e.expiresAt!==null&&e.expiresAt<=Date.now()?(await Oe.renew(e,De),Ne()):e}
var Pe=3e4
async function Fe(e){let t=await Ue(e);return{...t,kind:`token`,name:h[t.standing],email:null,userId:null,mustChangePassword:!1,credential:{access:e,refresh:null,expiresAt:null}}}
async function Ie(e,t){let{data:n}=await w(Ae.POST(`/login`,{body:{email:e,password:t}}));return{kind:`user`,standing:n.user.role===`admin`?`admin`:`member`,name:n.user.email,email:n.user.email,userId:n.user.id,tenantId:n.user.tenant_id,mustChangePassword:!1,credential:Je(n)}}
async function Le(e,t){let n=await w(Ae.POST(`/v1/api/auth/login`,{body:{email:e,password:t}})),r=n.passwordChangeRequired===!0;return{...r?He:await We(n.accessToken),kind:`account`,name:e,email:e,userId:null,mustChangePassword:r,credential:Ye(n)}}
function Re({firstPage:e,...t}){xe(),v.clear(),e&&v.setQueryData(ge(e.list,{}),e.answer),Oe.refresh=Ke[t.kind],x.value=t}
async function ze(e,t){await w(C.PUT(`/v1/api/auth/password`,{body:{currentPassword:e,newPassword:t}}));let n=x.value;if(n){let e=await We(n.credential.access);Re({...n,...e,mustChangePassword:!1})}}
async function Be(){let e=x.value;if(x.value=null,xe(),v.clear(),Ee.value?.resolve(null),!e?.credential.refresh)return;let t=je(e.credential.access);await(e.kind===`user`?t.POST(`/logout`,{body:{refresh_token:e.credential.refresh}}):t.POST(`/v1/api/auth/logout`,{body:{refreshToken:e.credential.refresh}})).catch(()=>void 0)}
async function Ve(e,t){let n=await{token:()=>Fe(t),user:()=>Ie(e.email??``,t),account:()=>Le(e.email??``,t)}[e.kind]();if(n.userId!==e.userId||e.kind===`token`&&(n.standing!==e.standing||n.tenantId!==e.tenantId))throw new g(403,`SOMEBODY_ELSE`,`This token belongs to somebody else. Sign out first to use it.`);return n}
var He={standing:`account`,tenantId:null}
async function Ue(e){let t=je(e),n={limit:50},r=await Ge(w(t.GET(`/users`,{params:{query:{...n,include:`allowed_roles`}}})));if(r)return{standing:`admin`,tenantId:r.users[0]?.tenant_id??null,firstPage:{list:`users`,answer:r}};let i=await Ge(w(t.GET(`/tenants`,{params:{query:n}})));if(i)return{standing:`master`,tenantId:null,firstPage:{list:`tenants`,answer:i}};let a=await We(e);return a.standing===`superadmin`||e.includes(`.`)?a:{standing:`member`,tenantId:null}}
async function We(e){let t=await Ge(w(je(e).GET(`/v1/api/superadmin/users`,{params:{query:{limit:50}}})));return t?{standing:`superadmin`,tenantId:null,firstPage:{list:`accounts`,answer:t}}:He}
async function Ge(e){try{return await e}catch(e){if(e instanceof g&&e.status===403)return null;throw e}}
var Ke={token:null,user:e=>qe(async()=>Je((await w(Ae.POST(`/login/refresh`,{body:{refresh_token:e}}))).data)),account:e=>qe(async()=>Ye(await w(Ae.POST(`/v1/api/auth/refresh`,{body:{refreshToken:e}}))))}
async function qe(e){try{return await e()}catch(e){if(e instanceof g&&(e.status===401||e.status===400))return null;throw e}}
function Je(e){return{access:e.access_token,refresh:e.refresh_token,expiresAt:Xe(e.expires_in)}}
function Ye(e){return{access:e.accessToken,refresh:e.refreshToken,expiresAt:Xe(e.expiresIn)}}
function Xe(e){return Date.now()+e*1e3-Pe}
function E(e){let[t,n]=o(!1),[r,i]=o(null),a=f(!1);return{busy:t,error:r,problem:r===null?null:_(r),start:async(...t)=>{if(!a.current){a.current=!0,n(!0),i(null);try{await e(...t)}catch(e){e instanceof g&&e.code===`SIGNED_OUT`||i(e)}finally{a.current=!1,n(!1)}}},forget:()=>i(null)}}
var D=b(null),
Ze=0
function O(e,t=null){Ze+=1,D.value={number:Ze,text:e,undo:t}}
function Qe(){let{text:e=``,undo:t}=D.value??{};return t?{text:e,undo:t}:null}
function $e(){D.value=null}
function et(){return Ze}
function tt({after:e=0}){let t=D.value&&D.value.number>e?D.value:null;return i(`div`,{class:t?`notice`:`notice notice-empty`},i(`div`,{role:`status`},t&&i(`span`,{key:t.number},t.text)),t?.undo&&i(nt,{key:t.number,undo:t.undo}),t&&i(`button`,{type:`button`,class:`quiet icon`,"aria-label":`Dismiss`,onClick:$e},`✕`))}
function nt({undo:e}){let[t,n]=o(!1);return i(`button`,{type:`button`,"aria-disabled":t,onClick:t?void 0:()=>{n(!0),e()}},`Undo`)}
function k({title:e,onClose:n,wide:r=!1,children:a}){let s=f(null),c=m(),[l]=o(et);return t(()=>{let e=s.current;return e?.showModal(),(e?.querySelector(`[data-focus]`)??e?.querySelector(`h2`))?.focus(),()=>e?.close()},[]),i(`dialog`,{ref:s,class:r?`wide`:void 0,"aria-labelledby":c,onCancel:e=>{e.preventDefault(),n?.()}},i(`header`,null,i(`h2`,{id:c,tabIndex:-1},e),n&&i(`button`,{type:`button`,class:`quiet icon`,"aria-label":`Close`,onClick:n},`✕`)),a,i(tt,{after:l}))}
var rt=e=>`You were signed in as ${e}.`
function A({label:e,hint:t,problem:n,optional:r,onValue:a,...o}){return i(ot,{label:e,hint:t,problem:n,optional:r},e=>i(`input`,{type:`text`,...o,...e,onInput:e=>a(e.currentTarget.value)}))}
function j({label:e,hint:t,problem:n,onValue:r,...a}){let[s,c]=o(!1);return i(ot,{label:e,hint:t,problem:n},e=>i(`span`,{class:`with-button`},i(`input`,{spellcheck:!1,autocapitalize:`off`,...a,...e,type:s?`text`:`password`,onInput:e=>r(e.currentTarget.value)}),i(`button`,{type:`button`,class:`quiet`,"aria-label":s?`Hide the typed text`:`Show the typed text`,onClick:()=>c(!s)},s?`Hide`:`Show`)))}
function it({email:e}){return i(`input`,{type:`text`,autocomplete:`username`,value:e??``,readOnly:!0,hidden:!0})}
function at({label:e,hint:t,problem:n,optional:r,options:a,value:o,onValue:s,...c}){return i(ot,{label:e,hint:t,problem:n,optional:r},e=>i(`select`,{...c,...e,value:o,onChange:e=>s(e.currentTarget.value)},a.map(([e,t])=>i(`option`,{key:e,value:e},t))))}
function ot({label:e,hint:t,problem:r,optional:a=!1,children:o}){let s=m();n(()=>{r&&document.getElementById(s)?.focus()},[r]);let c=[t&&`${s}-hint`,r&&`${s}-problem`].filter(Boolean).join(` `);return i(`div`,{class:`field`},i(`label`,{for:s},e),a&&i(`span`,{class:`optional`},` `,`optional`),o({id:s,"aria-describedby":c||void 0,"aria-invalid":r?!0:void 0}),t&&i(`p`,{class:`hint`,id:`${s}-hint`},t),r&&i(`p`,{class:`problem`,id:`${s}-problem`},r))}
var st=new Intl.DateTimeFormat(`en`,{dateStyle:`medium`,timeStyle:`short`,hourCycle:`h23`})
function ct(e){let t=new Date(e);return Number.isNaN(t.getTime())?e:st.format(t)}
function M({children:e}){let t=typeof e==`string`?e.lastIndexOf(`@`):-1;return typeof e!=`string`||t<0?i(`bdi`,null,e):i(`bdi`,null,e.slice(0,t),i(`wbr`,null),e.slice(t))}
function N({at:e}){return e?i(`time`,{dateTime:e,title:e},ct(e)):i(`span`,{class:`muted`},`never`)}
function P({children:e}){return i(`p`,{class:`problem`,role:`alert`},e)}
function F({tone:e=`plain`,children:t}){return i(`span`,{class:`badge ${e}`},t)}
function lt({label:e,secret:t}){let[n,r]=o(`copy`);return i(`div`,{class:`field`},i(`span`,{class:`label`},e),i(`span`,{class:`with-button`},i(`output`,{class:`secret`},t),i(`button`,{type:`button`,class:`primary`,"data-focus":!0,onClick:async()=>{try{await navigator.clipboard.writeText(t),r(`copied`)}catch{r(`failed`)}}},ce[n])),i(`p`,{class:`hint`},`It is shown only now. Keep it in a safe place.`),i(`span`,{class:`unseen`,"aria-live":`polite`},n===`copied`&&ce.copied))}
var ut=y(`system`)
function dt(e){ut.value=e,document.documentElement.dataset.theme=e}
function ft(){return i(`span`,{class:`mark`},i(`svg`,{viewBox:`0 0 32 32`,"aria-hidden":`true`},i(`rect`,{width:`32`,height:`32`,rx:`8`}),i(`path`,{class:`lines`,d:`M8 9.5h10M8 16h7M8 22.5h5`}),i(`path`,{class:`tick`,d:`m17.5 20.5 3 3 5.5-7`})),`Rolecall`)}
function pt(){return i(`select`,{class:`quiet`,"aria-label":`Theme`,value:ut.value,onChange:e=>dt(e.currentTarget.value)},[`system`,`light`,`dark`].map(e=>i(`option`,{key:e,value:e},ne[e])))}
function mt(){let e=_t((e,t)=>ze(e,t));return i(`main`,{class:`sign-in`},i(`header`,null,i(ft,null),i(`h1`,{tabIndex:-1},`Choose a new password`),i(`p`,null,`You signed in with a temporary password. Choose your own password to continue.`)),i(`form`,{class:`card`,onSubmit:e.submit},i(vt,{change:e}),i(`footer`,null,i(`button`,{type:`button`,onClick:()=>void Be()},`Sign out`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e.busy},`Save and continue`))))}
function ht({onClose:e}){let t=_t(async(t,n)=>{await gt(t,n),e(),O(`Your password is changed.`)});return i(k,{title:`Change your password`,onClose:e},i(`form`,{onSubmit:t.submit},i(`p`,null,`Your other sessions end. This one stays open.`),i(vt,{change:t}),i(`footer`,null,i(`button`,{type:`button`,onClick:e},`Cancel`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":t.busy},`Change password`))))}
async function gt(e,t){let{userId:n}=x.value??{};n?await w(C.PUT(`/users/{id}/password`,{params:{path:{id:n}},body:{current_password:e,new_password:t}})):await w(C.PUT(`/v1/api/auth/password`,{body:{currentPassword:e,newPassword:t}}))}
function _t(e){let[t,n]=o(``),[r,i]=o(``),[a,s]=o(``),[c,l]=o(!1),u=E(e);return{current:t,setCurrent:n,chosen:r,setChosen:i,repeated:a,setRepeated:s,differs:c,submit:e=>{e.preventDefault(),l(r!==a),r===a&&u.start(t,r)},...u}}
function vt({change:e}){return i(s,null,i(it,{email:x.value?.email}),i(j,{label:`Current password`,autocomplete:`current-password`,required:!0,"data-focus":!0,value:e.current,onValue:e.setCurrent}),i(j,{label:`New password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:e.chosen,onValue:e.setChosen}),i(j,{label:`Repeat the new password`,autocomplete:`new-password`,required:!0,problem:e.differs?`The two new passwords differ.`:null,value:e.repeated,onValue:e.setRepeated}),e.problem&&i(P,null,e.problem))}
function yt(){return i(`main`,{class:`sign-in`},i(`header`,null,i(ft,null),i(`h1`,{tabIndex:-1},`Sign in`),i(`p`,null,`Administer the users, accounts and tenants of this installation.`)),i(`div`,{class:`groups`},i(bt,{title:`Tenant user`,hint:`For a person who belongs to a tenant.`,logIn:Ie}),i(bt,{title:`Platform account`,hint:`For the people who run the platform.`,logIn:Le}),i(xt,null)),i(`footer`,null,i(`p`,null,`Nothing is stored: a reload of this page signs you out.`),i(pt,null)))}
function bt({title:e,hint:t,logIn:n}){let[r,a]=o(``),[s,c]=o(``);return i(St,{title:e,hint:t,logIn:()=>n(r.trim(),s)},i(A,{label:`Email`,type:`email`,autocomplete:`username`,required:!0,value:r,onValue:a}),i(j,{label:`Password`,autocomplete:`current-password`,required:!0,value:s,onValue:c}))}
function xt(){let[e,t]=o(``);return i(St,{title:`With a token`,hint:`The page finds out what the token allows.`,logIn:()=>Fe(e.trim())},i(j,{label:`API token or master token`,autocomplete:`off`,required:!0,value:e,onValue:t}))}
function St({title:e,hint:t,logIn:n,children:r}){let a=E(async()=>Re(await n()));return i(`form`,{onSubmit:e=>{e.preventDefault(),a.start()}},i(`fieldset`,null,i(`legend`,null,e),i(`p`,{class:`hint`},t),r,a.problem&&i(P,null,Ct(a.error)?`These credentials are not accepted.`:a.problem),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":a.busy},`Sign in`),i(`span`,{class:`unseen`,"aria-live":`polite`},a.busy&&`Signing in…`)))}
function Ct(e){return e instanceof g&&e.status===401}
function wt(){let e=x.value;return Ee.value&&e?i(Tt,{key:e.name}):null}
function Tt(){let[e,t]=o(``),n=x.value?.kind===`token`,r=E(async()=>{let t=x.value;if(t){let r=await Ve(t,n?e.trim():e);x.value={...t,standing:r.standing},Ee.value?.resolve(r.credential)}});return i(k,{title:`Your session has ended`},i(`form`,{onSubmit:e=>{e.preventDefault(),r.start()}},i(`p`,null,i(M,null,rt(x.value?.name??``)),` `,`Sign in again to continue. What you typed is still there.`),!n&&i(it,{email:x.value?.email}),i(j,{label:n?`API token or master token`:`Password`,autocomplete:n?`off`:`current-password`,required:!0,"data-focus":!0,value:e,onValue:t}),r.problem&&i(P,null,Ct(r.error)?`These credentials are not accepted.`:r.problem),i(`footer`,null,i(`button`,{type:`button`,onClick:()=>void Be()},`Sign out instead`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":r.busy},`Go on`))))}
function Et(e){let[t=``,n=``]=e.replace(/^#?\/?/u,``).split(`?`,2),[r=``,...i]=t.split(`/`).map(Dt);return{screen:r,rest:i,query:Object.fromEntries(new URLSearchParams(n))}}
function I(e,t={}){let n=Object.entries(t).filter(e=>!!e[1]),r=new URLSearchParams(n).toString();return`#/${e.map(encodeURIComponent).join(`/`)}${r&&`?${r}`}`}
function Dt(e){try{return decodeURIComponent(e)}catch{return e}}
var L=y(Et(location.hash))
addEventListener(`hashchange`,()=>{L.value=Et(location.hash)})
function R(e,t={}){location.hash=I(e,t)}
function Ot(e,t){let n=I(e,t);history.replaceState(null,``,n),L.value=Et(n)}
function z(e){let{screen:t,rest:n,query:r}=L.value;Ot([t,...n],{...r,...e})}
var kt=e=>e===1?`1 result`:`${e} results`,
At=e=>`Audit of tenant ${e}`,
jt=e=>`Go to ${e}`,
Mt={system:`Use the theme of the system`,light:`Use the light theme`,dark:`Use the dark theme`},
Nt=e=>`Undo: ${e}`,
Pt=e=>`Change the role of ${e}`,
Ft=e=>`Make a new API token for ${e}`,
It=e=>`Set the password of ${e}`,
Lt=e=>`Reset the password of ${e}`,
Rt=e=>`Deactivate ${e}`,
zt=e=>`Activate ${e}`,
Bt=e=>`Delete ${e}`,
Vt=e=>`Protection of ${e} against deletion`,
Ht=e=>`Go to ${e}`,
Ut=class extends Error{line;name=`CsvError`;constructor(e,t){super(t),this.line=e}}
function Wt(e){let t=e.replace(/^\uFEFF/u,``).replace(/\r\n?/gu,`
`),n=Gt(t),r=RegExp(`"((?:[^"]|"")*)"|([^${n}\n"]*)`,`uy`),i=[],a=1,o=a,s=[];for(let e=0;e<=t.length;){r.lastIndex=e;let[c=``,l,u=``]=r.exec(t)??[];s.push(l===void 0?u.trim():l.replaceAll(`""`,`"`).trim()),a+=c.split(`
`).length-1,e+=c.length;let d=t[e];if(d!==void 0&&d!==n&&d!==`
`)throw new Ut(a,`a quotation mark is in the wrong place`);d!==n&&(s.some(e=>e!==``)&&i.push({line:o,cells:s}),s=[],a+=1,o=a),e+=1}return i}
function Gt(e){let[t=``]=e.replace(/"(?:[^"]|"")*"/gu,``).split(`
`,1);return[`	`,`;`].find(e=>t.includes(e))??`,`}
function Kt(e){return e.map(e=>`${e.map(qt).join(`,`)}\r\n`).join(``)}
function qt(e){let t=e==null?``:String(e),n=/^\s*[=+\-@\t\r]/u.test(t)?`'${t}`:t;return/[",;\r\n\t]/u.test(n)?`"${n.replaceAll(`"`,`""`)}"`:n}
function Jt(e,t,n){let r=URL.createObjectURL(new Blob([t],{type:`${n};charset=utf-8`})),i=document.createElement(`a`);i.href=r,i.download=e,i.click(),URL.revokeObjectURL(r)}
var Yt={succeeded:`succeeded`,denied:`refused`},
Xt=e=>`Show only what ${e} did`,
Zt=e=>`Show only what was done to ${e}`,
Qt=e=>`${e} refusals`,
$t=(e,t)=>`Details: ${e}, ${t}`,
en=e=>`${e} entries read…`,
tn=e=>`${e} entries are saved as CSV.`,
nn=[`timestamp`,`outcome`,`action`,`actor_type`,`actor_id`,`actor_email`,`target_type`,`target_id`,`before`,`after`,`reason`,`ip`,`request_id`,`refusals`],
rn={promote_user:`changed the role of`,promote_users:`changed many roles in`,create_user:`created`,update_user:`changed`,delete_user:`deleted`,rotate_token:`rotated the API token of`,change_password:`changed the password of`,revoke_session:`ended a session of`,lapse_role:`ended the temporary role of`,issue_admin_token:`issued an API token for`,register_tenant:`registered`,update_tenant:`changed the settings of`,schedule_tenant_deletion:`scheduled the deletion of`,restore_tenant:`restored`,delete_tenant:`started the deletion of`,complete_tenant_deletion:`completed the deletion of`,create_webhook:`added`,delete_webhook:`deleted`,rotate_webhook_secret:`made a new secret of`,enable_webhook:`enabled`,disable_webhook:`disabled`}
function an(e){let t=vn(e.before),n=vn(e.after);return[...new Set([...Object.keys(t),...Object.keys(n)])].map(e=>({field:e,before:yn(t[e]),after:yn(n[e])})).filter(e=>e.before!==e.after).sort((e,t)=>Number(on(t.field))-Number(on(e.field)))}
function on(e){return e===`role`||e===`new_role`}
function sn(e){return rn[e]??e.replaceAll(`_`,` `)}
function cn({actor:e}){return e.email?e.email:{master:`Operator`,system:`System`,user:_n(e.id),account:`account ${e.id}`}[e.type]}
function ln(e){let t=new Map;for(let{actor:n,target:r,before:i,after:a}of e){let e=[[n.id,n.email],[r.id,gn(a)??gn(i)]];for(let[n,r]of e)typeof r==`string`&&!t.has(n)&&t.set(n,r)}return t}
function un({target:e},t){return t.get(e.id)??`${e.type} ${_n(e.id)}`}
function dn(e){let{actor:t,target:n}=e;return[e.timestamp,e.outcome,e.action,t.type,t.id,t.email,n.type,n.id,yn(e.before),yn(e.after),e.reason,e.ip,e.request_id,e.refusals]}
function fn(e){let{tenant:t,action:n,actor:r,target:i,outcome:a,from:o,to:s}=e;return Object.fromEntries(Object.entries({tenant_id:t,action:n,actor:r,target:i,outcome:a,from:o&&pn(o),to:s&&mn(s)}).filter(e=>!!e[1]))}
function pn(e){return hn(new Date(`${e}T00:00:00`))}
function mn(e){return hn(new Date(`${e}T23:59:59`))}
function hn(e){return Number.isNaN(e.getTime())?null:e.toISOString().replace(/\.\d+Z$/u,`Z`)}
function gn(e){let{email:t,name:n}=vn(e);return t??n}
function _n(e){return e.length>12?`${e.slice(0,8)}…`:e}
function vn(e){return typeof e==`object`&&e?e:{}}
function yn(e){return e==null?null:typeof e==`object`?JSON.stringify(e):String(e)}
var bn=300
function B({label:e,name:t,placeholder:r}){let a=L.value.query[t]??``,[s,c]=o(a),l=f(void 0),u=f(a);n(()=>{a!==u.current&&(u.current=a,c(a))},[a]),n(()=>()=>clearTimeout(l.current),[]);let d=e=>{clearTimeout(l.current),u.current=e.trim(),z({[t]:e.trim()})},p=e=>{c(e),clearTimeout(l.current),l.current=setTimeout(()=>d(e),bn)};return i(`label`,{class:`filter search`},i(`span`,null,e),i(`input`,{type:`search`,value:s,placeholder:r,spellcheck:!1,autocapitalize:`off`,onInput:e=>p(e.currentTarget.value),onKeyDown:e=>e.key===`Enter`&&d(e.currentTarget.value)}))}
function V({label:e,name:t,options:n}){return i(`label`,{class:`filter`},i(`span`,null,e),i(`select`,{value:L.value.query[t]??``,onChange:e=>z({[t]:e.currentTarget.value})},n.map(([e,t])=>i(`option`,{key:e,value:e},t))))}
function xn({label:e,name:t}){return i(`label`,{class:`filter`},i(`span`,null,e),i(`input`,{type:`date`,value:L.value.query[t]??``,onChange:e=>z({[t]:e.currentTarget.value})}))}
function H(e){return Cn(()=>new a(v,e),e)}
function Sn(e){let t={...e,initialPageParam:``};return Cn(()=>new d(v,t),t)}
function Cn(t,i){let[a]=o(t),[,s]=r(e=>e+1,0),c=v.defaultQueryOptions({...i,_optimisticResults:`optimistic`}),l=a.getOptimisticResult(c);return n(()=>{let t=a.subscribe(e.batchCalls(()=>s(void 0)));return a.updateResult(),t},[a]),n(()=>a.setOptions(c)),a.trackResult(l)}
function wn({entry:e,names:t,onOpen:n}){let r=cn(e),a=un(e,t),o=sn(e.action);return i(`li`,null,i(N,{at:e.timestamp}),i(`span`,null,i(`button`,{type:`button`,class:`link`,title:Xt(r),onClick:()=>z({actor:e.actor.id})},i(M,null,r))),i(`span`,null,o,` `,e.outcome===`denied`&&i(F,{tone:`bad`},`refused`),` `,e.refusals&&i(F,null,Qt(e.refusals))),i(`span`,null,i(`button`,{type:`button`,class:`link`,title:Zt(a),onClick:()=>z({target:e.target.id})},i(M,null,a))),i(`span`,{class:`changes`},En(e,a).map(e=>i(Dn,{key:e.field,change:e})),e.reason&&i(`q`,null,i(M,null,e.reason))),i(`button`,{type:`button`,class:`quiet`,"aria-label":$t(o,ct(e.timestamp)),onClick:n},`Details`))}
function Tn(e,t){return`${cn(e)} ${sn(e.action)} ${un(e,t)}`}
function En(e,t){let n=e=>(e.field===`email`||e.field===`name`)&&e.before===null&&e.after===t,r=e=>e.field===`active`&&e.before===null&&e.after===`true`;return an(e).filter(e=>!n(e)&&!r(e))}
function Dn({change:e}){let t=t=>e.field.endsWith(`until`)?ct(t):t;return i(`span`,{class:`change`},i(`span`,{class:`muted`},e.field.replaceAll(`_`,` `)),` `,e.before!==null&&i(s,null,i(M,null,t(e.before)),` `,i(`span`,{role:`img`,"aria-label":`becomes`},`→`),` `),i(`strong`,null,i(M,null,e.after===null?`none`:t(e.after))))}
function On({entry:e,names:t,onClose:n}){let r=[[`When`,e.timestamp],[`Outcome`,Yt[e.outcome]],[`Actor`,[e.actor.email,e.actor.type,e.actor.id].filter(Boolean).join(` · `)],[`Target`,`${e.target.type} · ${e.target.id}`],[`Reason`,e.reason],[`Before`,e.before&&JSON.stringify(e.before,null,1)],[`After`,e.after&&JSON.stringify(e.after,null,1)],[`Address`,e.ip],[`Request`,e.request_id],[`Entry`,e.id]];return i(k,{title:Tn(e,t),onClose:n,wide:!0},i(`div`,{class:`body`},i(`dl`,{class:`fact-list`},r.map(([e,t])=>i(`div`,{class:`fact`,key:e},i(`dt`,null,e),i(`dd`,null,i(M,null,t??`none`))))),i(`footer`,null,i(`button`,{type:`button`,onClick:n},`Done`))))}
var kn=50
function An(){let e=x.value?.standing===`master`,t=fn(L.value.query),n=!e||`tenant_id`in t;return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Audit`),n&&i(zn,{filters:t})),i(jn,{isOperator:e}),n?i(Mn,{key:JSON.stringify(t),filters:t}):i(`p`,{class:`empty card`},`Whose audit? Open a tenant's audit from the list of tenants, or paste the tenant's id. The audit of a deleted tenant is still here.`))}
function jn({isOperator:e}){let{tenant:t,...n}=L.value.query,r=Object.fromEntries(Object.keys(n).map(e=>[e,null])),a=Object.keys(rn).map(e=>[e,sn(e)]);return i(`div`,{class:`filters of-audit`},e&&i(B,{label:`Tenant id`,name:`tenant`}),i(V,{label:`Action`,name:`action`,options:[[``,`Any action`],...a]}),i(V,{label:`Outcome`,name:`outcome`,options:[[``,`Any outcome`],...Object.entries(Yt)]}),i(xn,{label:`From`,name:`from`}),i(xn,{label:`To`,name:`to`}),i(B,{label:`Actor id`,name:`actor`}),i(B,{label:`Target id`,name:`target`}),Object.keys(n).length>0&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>z(r)},`Clear the filters`))}
function Mn({filters:e}){let[t,n]=o(null),r=Sn({queryKey:[`audit`,e],queryFn:({pageParam:t,signal:n})=>Nn({...e,limit:kn},t,n),getNextPageParam:e=>e.next_cursor}),a=r.data?.pages.flatMap(e=>e.entries)??[],c=ln(a),l=()=>{r.hasNextPage&&!r.isFetching&&r.fetchNextPage()},u=r.data?.pages.at(-1)?.entries.length===0;return i(s,null,r.error&&i(P,null,_(r.error)),i(`ol`,{class:`entries`,"aria-label":`Entries`,"aria-busy":r.isFetching},a.map(e=>i(wn,{key:e.id,entry:e,names:c,onOpen:()=>n(e)}))),i(`div`,{class:`pager`},i(`span`,{role:`status`},Pn(r,a.length)),r.hasNextPage&&i(Fn,{busy:r.isFetching,count:a.length,onClick:l,onReach:u?null:l})),t&&i(On,{entry:t,names:c,onClose:()=>n(null)}))}
function Nn(e,t,n){return w(C.GET(`/audit`,{params:{query:{...e,...t&&{cursor:t}}},signal:n}))}
function Pn(e,t){return e.isFetchingNextPage?`Loading older entries…`:e.isFetching||!e.data?e.error?``:`Loading…`:e.hasNextPage?t?``:`No entry among those that were read so far.`:t?`These are all entries.`:`No entry fits these filters.`}
function Fn({busy:e,count:t,onClick:r,onReach:a}){let o=f(null),s=f(a);return s.current=a,n(()=>{let e=new IntersectionObserver(e=>{e.some(e=>e.isIntersecting)&&s.current?.()});return o.current&&e.observe(o.current),()=>e.disconnect()},[t]),i(`button`,{type:`button`,ref:o,"aria-disabled":e,onClick:r},`Show older entries`)}
var In=1e3,
Ln=b(!1)
function Rn(){Ln.value=!0}
function zn({filters:e}){let[t,r]=o(0),a=f(new AbortController),c=E(async()=>{a.current=new AbortController,r(0);let t=await Bn(e,a.current.signal,r);a.current.signal.aborted||(Jt(`audit.csv`,Kt([nn,...t]),`text/csv`),O(tn(t.length)))});return n(()=>{Ln.value&&(Ln.value=!1,c.start())}),i(s,null,c.problem&&i(P,null,c.problem),i(`span`,{class:`muted`,role:`status`},c.busy&&en(t)),i(`button`,{type:`button`,onClick:()=>c.busy?a.current.abort():void c.start()},c.busy?`Stop the export`:`Export as CSV`))}
async function Bn(e,t,n){let r=[],i;do{let t=await Nn({...e,limit:In},i,new AbortController().signal);r.push(...t.entries.map(dn)),n(r.length),i=t.next_cursor}while(i&&!t.aborted);return r}
var U=b(null)
function Vn(){U.value=null}
var W=y(!0),
Hn={users:{label:`Create a user`,action:`create`},accounts:{label:`Create an account`,action:`create`},tenants:{label:`Register a tenant`,action:`register`},webhooks:{label:`Add a webhook`,action:`create`}}
function Un(e){let t=Wn(e);t&&S().includes(e)&&R([e],{do:t.action})}
function Wn(e){return x.value?.standing===`member`?void 0:Hn[e]}
function G(e,t){return{id:e,kind:`Action`,label:e,run:t}}
function Gn(){let e=S(),{userId:t,kind:n}=x.value??{},r=Qe();return[...r?[G(Nt(r.text),()=>void r.undo())]:[],...e.map(e=>({id:e,kind:`Screen`,label:jt(ee[e]),run:()=>R([e])})),...e.flatMap(e=>{let t=Wn(e);return t?[G(t.label,()=>Un(e))]:[]}),...e.includes(`users`)?[G(`Change many roles`,()=>R([`users`,`many`]))]:[],...qn()?[G(`Export the audit as CSV`,Jn)]:[],...t?[G(`Make a new API token for yourself`,()=>R([`users`],{person:t,do:`rotate`}))]:[],...n===`token`?[]:[G(`Change your password`,Kn(`password`))],...[`light`,`dark`,`system`].map(e=>G(Mt[e],()=>dt(e))),G(`Keyboard shortcuts`,Kn(`shortcuts`)),G(W.value?`Turn off shortcuts of one key`:`Turn on shortcuts of one key`,()=>{W.value=!W.value}),G(`Sign out`,()=>void Be())]}
function Kn(e){return()=>{U.value=e}}
function qn(){let{screen:e,query:t}=L.value;return S().includes(`audit`)&&(x.value?.standing===`admin`||e===`audit`&&!!t.tenant)}
function Jn(){Rn(),L.value.screen!==`audit`&&R([`audit`])}
var Yn={users:`u`,accounts:`c`,tenants:`t`,audit:`a`,webhooks:`w`},
Xn={"?":`shortcuts`,"/":`search`,n:`create`,g:`wait`}
function Zn({key:e,ctrl:t,alt:n,typing:r,afterG:i,singleKeys:a}){if(t&&!n&&e.toLowerCase()===`k`)return{action:`palette`};if(t||n||r||!a)return null;let o=Object.keys(Yn).find(t=>Yn[t]===e);if(i)return o?{action:`screen`,screen:o}:null;let s=Xn[e];return s?{action:s}:null}
function Qn(e){let t=e.trim().split(/\s+/u),n=t.find(e=>e.includes(`@`));return n?{wanted:n,verbs:t.filter(e=>e!==n).join(` `)}:{wanted:e.trim(),verbs:``}}
function $n(e,t){let{wanted:n,verbs:r}=Qn(t);if(r)return nr(er(e),r);let i=({id:e,label:t})=>[e,t.toLowerCase()].includes(n.toLowerCase());return[...e,...er(e.filter(t=>e.length===1||i(t)))]}
function er(e){return e.flatMap(e=>e.actions)}
function tr(e,t){let n=Qn(t).wanted.toLowerCase();return e.filter(({id:e,label:t})=>e===n||t.toLowerCase().includes(n))}
function nr(e,t){let n=t.toLowerCase().split(/\s+/u).filter(Boolean);return e.filter(({label:e})=>n.every(t=>e.toLowerCase().includes(t)))}
var rr=[`active`,`scheduled`,`deleting`],
ir=b(null),
ar=class extends Error{seen;now;name=`ChangedMeanwhile`;constructor(e,t){super(`changed meanwhile`),this.seen=e,this.now=t}},
or=3
async function sr({seen:e,read:t,isSame:n,inWords:r,onNewer:i},a){for(let o=1;;o+=1){let s=await t();if(!n(e,s.data))throw i(s),new ar(r(e),r(s.data));try{return await a(s)}catch(e){if(!ur(e)||o===or)throw e}}}
async function cr(e,t){try{O(await t())}catch(t){O(oe(e,ur(t)?`Somebody has changed it since.`:_(t)))}}
function lr(e){return e===null?{}:{"If-Match":e}}
function ur(e){return e instanceof g&&e.status===412}
var dr=e=>`Role of ${e}`,
fr=e=>`Details of ${e}`,
pr=e=>`History of ${e}`,
mr=(e,t)=>`until ${ct(e)}, then ${t}`,
hr=e=>`Change the role of ${e}?`,
gr=(e,t)=>`From ${e} to ${t}.`,
_r=(e,t)=>`${e} is now ${t}.`,
vr=(e,t)=>`Undone: ${e} is ${t} again.`,
yr=e=>`Change to ${e} anyway`,
br=e=>`${e} anyway`,
xr={ban:{open:`Ban`,title:e=>`Ban ${e}?`,intro:`Every session of the account ends for good. It can't sign in until it is unbanned.`,done:e=>`${e} is banned.`},unban:{open:`Unban`,title:e=>`Unban ${e}?`,intro:`The account can sign in again. Its former sessions stay ended.`,done:e=>`${e} is no longer banned.`},enable:{open:`Enable`,title:e=>`Enable ${e}?`,intro:`The account can sign in again. Its former sessions stay ended.`,done:e=>`${e} is enabled.`},disable:{open:`Disable`,title:e=>`Disable ${e}?`,intro:`Every session of the account ends for good. It can't sign in until it is enabled.`,done:e=>`${e} is disabled.`}},
Sr={open:`Reset password`,title:e=>`Reset the password of ${e}?`,intro:`The account gets a temporary password and every session of it ends. It must choose a password of its own first.`,secret:`Temporary password`},
Cr=e=>`${e} is created.`,
K=[`user`,`manager`,`admin`],
wr={end:``,date:``,reason:``},
Tr=36e5
function Er({end:e,date:t},n){switch(e){case`hour`:return Dr(new Date(n.getTime()+Tr));case`today`:return Dr(new Date(n.getFullYear(),n.getMonth(),n.getDate()+1));case`week`:return Dr(new Date(n.getTime()+168*Tr));case`date`:return t?Dr(new Date(t)):void 0;case``:return}}
function Dr(e){return Number.isNaN(e.getTime())?void 0:e.toISOString().replace(/\.\d+Z$/u,`Z`)}
function Or(e,t){return e.role===t.role&&e.active===t.active&&(e.lasting_role??e.role)===(t.lasting_role??t.role)&&(e.role_until??null)===(t.role_until??null)}
var kr=9e4
function Ar(e,t,n){let r=e.lasting_role??e.role,i=e.role_until;if(!i||new Date(i).getTime()-n.getTime()<kr)return[{new_role:r}];let a={new_role:e.role,until:i};return t.until===void 0?[{new_role:r},a]:[a]}
var q=b(null)
function J(){q.value=null}
var jr=[`ROLE_CLIENT`,`ROLE_VERIFIED_USER`,`ROLE_ADMIN`,`ROLE_SUPERADMIN`]
function Y(e){return e.roles[0]??`ROLE_CLIENT`}
function X(e){return te[e]??e}
function Mr(e){let t=[e.banned&&`banned`,!e.enabled&&`disabled`];return[X(Y(e)),...t].filter(Boolean).join(`, `)}
function Nr({banned:e,enabled:t}){return[e?`unban`:`ban`,t?`disable`:`enable`]}
function Pr({email:e}){return x.value?.email?.toLowerCase()===e.toLowerCase()}
async function Fr(e,t,n){let r=Er(n,new Date),[i,a]=await sr(Ur(e),async({data:i,etag:a})=>[i,await Ir(e.id,a,t,n.reason.trim(),r)]);await Gr(),O(_r(e.email,X(t)),()=>Br(e,async()=>{let t=await Ir(e.id,a,i.lastingRole??Y(i),`undone in the console`,void 0);return i.lastingRole&&i.roleUntil&&await Ir(e.id,t,Y(i),`undone in the console`,i.roleUntil),vr(e.email,X(Y(i)))}))}
async function Ir(e,t,n,r,i){return(await T(C.PUT(`/v1/api/superadmin/users/{id}/role`,{params:{path:{id:e},header:lr(t)},body:{newRole:n,...i&&{until:i},...r&&{reason:r}}}))).etag}
var Lr={ban:`unban`,unban:`ban`,enable:`disable`,disable:`enable`}
async function Rr(e,t,n){let[r,i]=await sr(Ur(e),async({data:r,etag:i})=>[r,await zr(e.id,i,t,n)]);await Gr(),O(xr[t].done(e.email),()=>Br(e,async()=>{let n=Lr[t],a=t===`unban`&&r.banReason||`undone in the console`;return await zr(e.id,i,n,a),xr[n].done(e.email)}))}
async function zr(e,t,n,r){return(await T(C.PUT(`/v1/api/superadmin/users/{id}/${n}`,{params:{path:{id:e},header:lr(t)},body:{reason:r}}))).etag}
async function Br(e,t){await cr(e.email,t),await Gr()}
async function Vr(e){let{temporaryPassword:t}=await w(C.POST(`/v1/api/superadmin/users/{id}/password`,{params:{path:{id:e.id}}}));return t}
async function Hr(e,t){O(Cr((await w(C.POST(`/v1/api/superadmin/users`,{params:{header:{"Idempotency-Key":t}},body:e}))).email)),await Gr()}
function Ur(e){return{seen:e,read:()=>Wr(e.id),isSame:(e,t)=>Mr(e)===Mr(t)&&e.roleUntil===t.roleUntil,inWords:Mr,onNewer:({data:e})=>{q.value&&={...q.value,account:e},Gr()}}}
function Wr(e){return T(C.GET(`/v1/api/superadmin/users/{id}`,{params:{path:{id:e}}}))}
function Gr(){return v.invalidateQueries({queryKey:[`accounts`]})}
var Kr={active:`active`,scheduled:`deletion scheduled`,deleting:`being deleted`},
qr=e=>`Details of ${e}`,
Jr=e=>`Audit of ${e}`,
Yr=e=>`Delete ${e}`,
Xr=e=>`Restore ${e}`,
Zr=e=>`${e} is restored. Everything is as it was.`,
Qr=e=>`Progress of the deletion of ${e}`,
$r=e=>`${e} is protected against deletion.`,
ei=e=>`${e} is no longer protected against deletion.`,
Z={title:`Register a tenant`,name:`Name of the tenant`,email:`Email of its first admin`,password:`Password of the admin`,passwordHint:`8 to 128 characters. The admin can change it after signing in.`,submit:`Register`,done:e=>`${e} is registered.`,token:e=>`API token of ${e}`},
ti=e=>`Delete ${e}?`,
ni=e=>`Deletion of ${e}`,
ri=e=>`The deletion of ${e} is scheduled. Nobody of it gets in any more.`,
ii=(e,t)=>`${e} of ${t} items`,
ai=e=>`${e} percent deleted`,
oi={users:`users`,devices:`devices`,sessions:`sessions`,tokens:`API tokens`,emails:`reserved emails`,credentials:`passwords`,names:`reserved name`,tenants:`tenant`,webhooks:`webhooks`}
function si(){return v.invalidateQueries({queryKey:[`tenants`]})}
async function ci({id:e,name:t},n,r){await w(C.DELETE(`/global/tenants/{id}`,{params:{path:{id:e},query:{...n!==null&&{grace_days:n},...r&&{reason:r}},header:{"X-Confirm-Tenant-Name":encodeURIComponent(t)}}}))}
async function li({id:e,name:t}){return await w(C.POST(`/global/tenants/{id}/restore`,{params:{path:{id:e}}})),await si(),Zr(t)}
function ui(e){O(ri(e.name),()=>cr(e.name,()=>li(e)))}
async function di(e,t,n){let{etag:r}=await T(C.PUT(`/global/tenants/{id}`,{params:{path:{id:e},header:lr(n)},body:{deletion_protection:t}}));return r}
function fi(e,t,n){let r=t=>(t?$r:ei)(e.name);O(r(t),()=>cr(e.name,async()=>(await di(e.id,!t,n),await v.invalidateQueries({queryKey:[`tenant`,e.id]}),r(!t))))}
var pi={active:`active`,failing:`failing`,disabled:`disabled`},
mi=e=>`Test ${e}`,
hi=e=>`A test is on its way to ${e}.`,
gi=e=>`${e} has received a delivery.`,
_i=(e,t)=>`The delivery to ${e} failed: ${t}.`,
vi=e=>`${e} is added.`,
yi={open:`New secret`,of:e=>`New secret of ${e}`,title:`Make a new secret?`,text:e=>`Deliveries to ${e} are signed with both secrets for 24 hours, then with the new one alone.`,enables:`The webhook is disabled now. This makes it active again.`,submit:`Make a new secret`,done:e=>`${e} has a new secret.`},
bi={open:`Delete`,of:e=>`Delete ${e}`,title:`Delete this webhook?`,text:e=>`Nothing more is delivered to ${e}. It can't be undone.`,submit:`Delete`,done:e=>`${e} is deleted.`}
function xi(e){let t=e.lastIndexOf(`@`);try{let{hostname:n}=new URL(`https://${e.slice(t+1)}`);return`${e.slice(0,t)}@${n}`.toLowerCase()}catch{return e.toLowerCase()}}
var Si=b(null),
Ci=b({})
function wi(e,t){Ci.value={...Ci.value,[e]:t}}
function Ti(){return v.invalidateQueries({queryKey:[`webhooks`]})}
async function Ei(e,t){let n={url:e,...t&&{user_id:await ji(t)}},r=await w(C.POST(`/webhooks`,{body:n}));return Ai({title:vi(r.webhook.url),secret:r.webhook_secret})}
async function Di({id:e,url:t}){let n=await w(C.POST(`/webhooks/{id}/secret`,{params:{path:{id:e}}}));return Ai({title:yi.done(t),secret:n.webhook_secret})}
async function Oi({id:e,url:t}){await w(C.DELETE(`/webhooks/{id}`,{params:{path:{id:e}}})),O(bi.done(t)),await Ti()}
async function ki(e){await w(C.POST(`/webhooks/{id}/test`,{params:{path:{id:e.id}}})),O(hi(e.url)),wi(e.id,e)}
function Ai(e){return O(e.title),Ti(),e}
async function ji(e){if(!e.includes(`@`))return e.toLowerCase();let t=xi(e),{users:n}=await w(C.GET(`/users`,{params:{query:{email:t,limit:1}}})),r=n.find(e=>e.email.toLowerCase()===t);if(!r)throw new g(404,`USER_NOT_FOUND`,`No user has this email`);return r.id}
function Mi(e,t,n,r,i){return{id:t,kind:e,label:n,run:r,actions:i.map(([e,n])=>({id:`${t} ${e}`,kind:`Action`,label:e,run:n}))}}
function Ni({id:e,email:t,active:n,allowed_roles:r}){let i=t=>()=>R([`users`],{person:e,do:t}),a=[[It(t),i(`password`)],[n?Rt(t):zt(t),i(`active`)],[Bt(t),i(`delete`)]];return Mi(`User`,e,t,i(),[...r?.length?[[Pt(t),i(`role`)]]:[],[Ft(t),i(`rotate`)],...e===x.value?.userId?[]:a])}
function Pi(e){let{id:t,email:n}=e,r=t=>()=>{q.value=t===`role`?{what:t,account:e,role:Y(e)}:{what:t,account:e},R([`accounts`],{email:n})},i=[[Pt(n),r(`role`)],...Nr(e).map(e=>[`${xr[e].open} ${n}`,r(e)]),[Lt(n),r(`password`)]];return Mi(`Account`,String(t),n,r(`account`),[[pr(n),r(`history`)],...Pr(e)?[]:i])}
function Fi(e,t){let{id:n,name:r}=e,i=()=>R([`tenants`],{name:r,status:t===`active`?null:t}),a=n=>()=>{ir.value={what:n,tenant:e,status:t},i()};return Mi(`Tenant`,n,r,a(`details`),[[Jr(r),()=>R([`audit`],{tenant:n})],[Vt(r),a(`details`)],...t===`scheduled`?[[Xr(r),()=>{R([`tenants`],{name:r}),Ri(async()=>O(await li(e)))}]]:[],t===`deleting`?[Qr(r),a(`progress`)]:[Yr(r),a(`delete`)]])}
function Ii(e){return Mi(`Tenant`,e,At(e),()=>R([`audit`],{tenant:e}),[])}
function Li(e){let{id:t,url:n}=e,r=()=>R([`webhooks`]),i=t=>()=>{Si.value={what:t,webhook:e},r()};return Mi(`Webhook`,t,n,r,[[mi(n),()=>{r(),Ri(()=>ki(e))}],[yi.of(n),i(`rotate`)],[bi.of(n),i(`delete`)]])}
function Ri(e){e().catch(e=>O(_(e)))}
var zi=8,
Bi=/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu
async function Vi(e,t){let{wanted:n}=Qn(e);switch(x.value?.standing){case`admin`:return Bi.test(n)?Ui(n,t):[...await Hi(n,t),...await qi(n)];case`member`:return Bi.test(n)?Ui(n,t):[];case`superadmin`:return/^[1-9]\d{0,9}$/u.test(n)?Gi(Number(n),t):Wi(n,t);case`master`:return Bi.test(n)?[Ii(n)]:Ki(n,t);default:return[]}}
async function Hi(e,t){let n={email:e,limit:zi,include:`allowed_roles`};return(await w(C.GET(`/users`,{params:{query:n},signal:t}))).users.map(Ni)}
function Ui(e,t){return Ji(async()=>{let n={path:{id:e},query:{include:`allowed_roles`}};return[Ni((await w(C.GET(`/users/{id}`,{params:n,signal:t}))).data)]})}
async function Wi(e,t){let n={email:e,limit:zi};return(await w(C.GET(`/v1/api/superadmin/users`,{params:{query:n},signal:t}))).users.map(Pi)}
function Gi(e,t){return Ji(async()=>[Pi(await w(C.GET(`/v1/api/superadmin/users/{id}`,{params:{path:{id:e}},signal:t})))])}
async function Ki(e,t){let n=rr.map(async n=>{let r={name:e,status:n,limit:zi},{tenants:i}=await w(C.GET(`/tenants`,{params:{query:r},signal:t}));return i.map(e=>Fi(e,n))});return(await Promise.all(n)).flat()}
async function qi(e){if(e.includes(`@`))return[];let{webhooks:t}=await v.fetchQuery({queryKey:[`webhooks`,`palette`],queryFn:()=>w(C.GET(`/webhooks`,{params:{query:{limit:50}}}))});return tr(t.map(Li),e).slice(0,zi)}
async function Ji(e){try{return await e()}catch(e){if(e instanceof g&&e.status===404)return[];throw e}}
var Yi=200,
Xi=2
function Zi(){let[e,t]=o(``),[r,a]=o(0),s=m(),c=Qi(e.trim()),l=$n(c.results,e),u=[...l,...nr(Gn(),e)],d=Math.min(r,u.length-1),f=e=>`${s}-${e}`;return n(()=>{document.getElementById(f(d))?.scrollIntoView({block:`nearest`})},[d]),i(k,{title:`Search and commands`,onClose:Vn},i(`div`,{class:`body palette`},i(`input`,{type:`text`,role:`combobox`,"aria-label":`Search for a person, a tenant or a command`,placeholder:`Search for a person, a tenant or a command`,"aria-expanded":u.length>0,"aria-controls":s,"aria-activedescendant":u.length?f(d):void 0,"aria-autocomplete":`list`,autocomplete:`off`,spellcheck:!1,"data-focus":!0,value:e,onInput:e=>{t(e.currentTarget.value),a(0)},onKeyDown:e=>{let t={ArrowDown:1,ArrowUp:-1}[e.key];t&&u.length?(e.preventDefault(),a((d+t+u.length)%u.length)):e.key===`Enter`&&(e.preventDefault(),$i(u[d]))}}),c.error!==null&&i(P,null,_(c.error)),i(`ul`,{id:s,role:`listbox`,"aria-label":`Results`},u.map((e,t)=>i(`li`,{key:e.id,id:f(t),role:`option`,"aria-selected":t===d,onClick:()=>$i(e),onPointerMove:()=>a(t)},i(M,null,e.label),i(`span`,{class:`muted`},e.kind)))),c.results.length>1&&c.results.length===l.length&&i(`p`,{class:`muted`},`Type a whole email or name to see what can be done with it.`),i(`p`,{class:u.length?`unseen`:`muted`,role:`status`},c.isFetching?`Searching…`:u.length?kt(u.length):`Nothing found.`)))}
function Qi(e){let[t,r]=o(e);n(()=>{let t=setTimeout(()=>r(e),Yi);return()=>clearTimeout(t)},[e]);let i=t.length>=Xi&&e.length>=Xi,a=H({queryKey:[`palette`,t],queryFn:({signal:e})=>Vi(t,e),enabled:i,placeholderData:l}),s=i&&a.data||[];return{results:t!==e||a.isPlaceholderData?tr(s,e):s,error:i?a.error:null,isFetching:a.isFetching}}
function $i(e){e&&(Vn(),e.run())}
var ea=1500
function ta(){switch(n(()=>{let e=-1500,t=t=>{let n=Zn({key:t.key,ctrl:t.ctrlKey||t.metaKey,alt:t.altKey,typing:na(t.target),afterG:t.timeStamp-e<ea,singleKeys:W.value});e=n?.action===`wait`?t.timeStamp:-1500,n&&!document.querySelector(`dialog[open]`)&&(t.preventDefault(),ra(n))};return addEventListener(`keydown`,t),()=>removeEventListener(`keydown`,t)},[]),U.value){case`palette`:return i(Zi,null);case`shortcuts`:return i(ia,null);case`password`:return i(ht,{onClose:Vn});default:return null}}
function na(e){return e instanceof HTMLElement&&e.matches(`input:not([type='checkbox'], [type='radio']), select, textarea`)}
function ra(e){switch(e.action){case`palette`:case`shortcuts`:U.value=e.action;break;case`search`:document.querySelector(`main input[type='search']`)?.focus();break;case`create`:Un(L.value.screen||S()[0]);break;case`screen`:S().includes(e.screen)&&R([e.screen])}}
function ia(){let e=[[[`Ctrl`,`K`],`Search and commands`],[[`/`],`Go to the search field`],[[`n`],`Create or register`],...S().map(e=>[[`g`,Yn[e]],Ht(ee[e])]),[[`?`],`Show these shortcuts`],[[`Esc`],`Close a dialog`]];return i(k,{title:`Keyboard shortcuts`,onClose:Vn},i(`div`,{class:`body`},i(`dl`,{class:`fact-list`},e.map(([e,t])=>i(`div`,{class:`fact`,key:t},i(`dt`,null,e.map((t,n)=>i(s,{key:t},n>0&&(e[0]===`g`?` then `:` + `),i(`kbd`,null,t)))),i(`dd`,null,t)))),i(`label`,{class:`choice`},i(`input`,{type:`checkbox`,checked:W.value,onChange:e=>{W.value=e.currentTarget.checked}}),i(`span`,null,`Shortcuts of one key`,i(`span`,{class:`hint`},`Turn them off if you dictate, or if keys get pressed by mistake.`))),i(`footer`,null,i(`button`,{type:`button`,onClick:Vn},`Close`))))}
function aa(e){let[t,n]=o({filters:e,left:[]}),r=t.filters===e?t.left:[];return{cursor:r.at(-1)?.cursor,number:r.length+1,before:r.reduce((e,{count:t})=>e+t,0),next:t=>n({filters:e,left:[...r,t]}),previous:()=>n({filters:e,left:r.slice(0,-1)})}}
function oa({pages:e,label:t,count:n,nextCursor:r,loading:a}){let{number:o,before:s}=e,c=`${t} ${se({first:s+1,last:s+n,number:o,isEnd:!r})}`;return i(`nav`,{class:`pager`,"aria-label":t},i(`span`,{"aria-live":`polite`},a?`Loading…`:n?c:`Nothing found`),i(`button`,{type:`button`,"aria-disabled":o===1||a,onClick:()=>o>1&&!a&&e.previous()},`Previous page`),i(`button`,{type:`button`,"aria-disabled":!r||a,onClick:()=>r&&!a&&e.next({cursor:r,count:n})},`Next page`))}
function sa(e,t,n){let r=aa(JSON.stringify(t)),{cursor:i}=r;return{query:H({queryKey:ge(e,t,i),queryFn:({signal:e})=>n({...t,limit:50,...i&&{cursor:i}},e),placeholderData:l}),pages:r}}
function ca({list:{query:e,pages:t},label:n,count:r,nextCursor:a,none:o,children:c}){return i(s,null,e.error&&i(`div`,{class:`refusal`},i(P,null,_(e.error)),i(`button`,{type:`button`,onClick:()=>void e.refetch()},`Try again`)),i(`div`,{class:`table-frame`,"aria-busy":e.isFetching},c,!e.error&&!r&&i(`p`,{class:`empty`},e.isPending?`Loading…`:o)),i(oa,{pages:t,label:n,count:r,nextCursor:a,loading:e.isPending||e.isPlaceholderData}))}
function la({columns:e,actions:t,children:n}){return i(`table`,{role:`table`,class:`stacked`},i(`thead`,{role:`rowgroup`},i(ua,null,e.map(e=>i(`th`,{key:e,role:`columnheader`,scope:`col`},e)),t&&i(`th`,{role:`columnheader`,scope:`col`},i(`span`,{class:`unseen`},t)))),i(`tbody`,{role:`rowgroup`},n))}
function ua({children:e}){return i(`tr`,{role:`row`},e)}
function da({children:e}){return i(`th`,{role:`rowheader`,scope:`row`},e)}
function Q({of:e,class:t,children:n}){return i(`td`,{role:`cell`,class:t,"data-label":e},n)}
function fa({children:e}){return i(Q,{class:`row-actions`},e)}
function $({title:e,text:t,submit:n,danger:r,action:a,onSubmit:o,onClose:s,refusal:c,children:l}){return i(k,{title:e,onClose:s},i(`form`,{onSubmit:e=>{e.preventDefault(),o()}},t&&i(`p`,null,t),l,c??(a.problem&&i(P,null,a.problem)),i(`footer`,null,i(`button`,{type:`button`,"data-focus":!0,onClick:s},`Cancel`),i(`button`,{type:`submit`,class:r?`primary danger`:`primary`,"aria-disabled":a.busy},n))))}
function pa({title:e,label:t,secret:n,onClose:r}){return i(k,{key:`secret`,title:e},i(`div`,{class:`body`},i(lt,{label:t,secret:n}),i(`footer`,null,i(`button`,{type:`button`,onClick:r},`Done`))))}
function ma(e){let t=JSON.stringify(e),[n,r]=o(()=>({content:t,key:crypto.randomUUID()}));if(n.content===t)return n.key;let i={content:t,key:crypto.randomUUID()};return r(i),i.key}
function ha({onClose:e}){let[t,n]=o(``),[r,a]=o(``),[s,c]=o(``),[l,u]=o(``),[d,f]=o(`ROLE_CLIENT`),p={email:t.trim(),password:r,firstName:s.trim(),lastName:l.trim(),role:d},m=ma(p),h=E(async()=>{await Hr(p,m),e()});return i($,{title:`Create an account`,submit:`Create`,action:h,onSubmit:()=>void h.start(),onClose:e},i(A,{label:`Email`,type:`email`,autocomplete:`off`,required:!0,"data-focus":!0,value:t,onValue:n}),i(A,{label:`First name`,autocomplete:`off`,required:!0,value:s,onValue:c}),i(A,{label:`Last name`,autocomplete:`off`,required:!0,value:l,onValue:u}),i(j,{label:`Password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:r,onValue:a}),i(at,{label:`Role`,options:jr.map(e=>[e,X(e)]),value:d,onValue:e=>f(e)}))}
function ga({action:e,anyway:t,onAnyway:n}){let{error:r,problem:a,forget:o}=e;return r instanceof ar?i(`div`,{class:`refusal`},i(P,null,ae(r.seen,r.now)),t&&i(`button`,{type:`button`,onClick:n},t),i(`button`,{type:`button`,class:`quiet`,onClick:o},`Leave it`)):a&&i(P,null,a)}
var _a=e=>e?` until ${ct(e)}`:``,
va=e=>`Role of ${e}`,
ya=(e,t)=>`until ${ct(e)}, then ${t}`,
ba=e=>`${e.role}${_a(e.role_until)}${e.active?``:`, inactive`}`,
xa=(e,t)=>[e,t&&`“${t}”`].filter(Boolean).join(`, `),
Sa={"":`No end`,hour:`In an hour`,today:`At the end of today`,week:`In a week`,date:`On a date`},
Ca=(e,t,n)=>t===n.new_role?`${e} stays ${n.new_role}${_a(n.until)}.`:`${e} is now ${n.new_role}${_a(n.until)}, was ${t}.`,
wa=(e,t)=>`Undone: ${e} is ${t} again.`,
Ta=(e,t)=>`${e} is now ${t?`active`:`inactive`}.`,
Ea=e=>`${e} is deleted.`,
Da=e=>`${e} is created.`,
Oa=e=>`The password of ${e} is set. Their sessions have ended.`,
ka=e=>`Change to ${e} anyway`,
Aa={title:e=>`Deactivate ${e}?`,text:`Their token and sessions stop at once. You can activate the user again.`,submit:`Deactivate`},
ja={title:e=>`Activate ${e}?`,text:`Their API token works again. They sign in anew for a session.`,submit:`Activate`},
Ma={title:e=>`Delete ${e}?`,text:`The user, their devices, sessions and token are removed for good. This cannot be undone.`,submit:`Delete for good`},
Na={title:e=>`A new API token for ${e}?`,text:`The present token stops at once.`,submit:`Make a new token`,token:`New API token`,doneTitle:e=>`New API token of ${e}`},
Pa={title:e=>`Set the password of ${e}`,text:`All their sessions end. Tell them the password in a safe way.`,submit:`Set password`},
Fa=e=>`${e} is created`,
Ia=e=>`Select ${e}`,
La=e=>e===1?`1 user selected`:`${e} users selected`,
Ra=e=>`Reading what matches: ${e} so far`,
za=Object.entries(Sa)
function Ba({terms:e,onTerms:t}){return i(`div`,{class:`terms`},i(at,{label:`End`,options:za,value:e.end,onValue:n=>t({...e,end:n})}),e.end===`date`&&i(A,{label:`Date and time`,type:`datetime-local`,required:!0,value:e.date,onValue:n=>t({...e,date:n})}),i(Va,{reason:e.reason,onReason:n=>t({...e,reason:n})}))}
function Va({reason:e,onReason:t}){return i(A,{label:`Reason`,optional:!0,maxLength:500,value:e,onValue:t})}
function Ha({terms:e,onTerms:t}){let n=xa(e.end&&Sa[e.end],e.reason.trim());return i(`details`,{class:`terms-of-list`},i(`summary`,null,`End and reason of changes in this list`,`: `,i(`span`,{class:n?`set`:`muted`},n||`none`)),i(Ba,{terms:e,onTerms:t}))}
function Ua({account:e,wanted:t}){let[n,r]=o(t),[a,s]=o(wr),c=E(async()=>{await Fr(e,n,a),J()}),l=()=>void c.start();return i($,{title:hr(e.email),text:gr(X(Y(e)),X(n)),submit:`Change role`,action:c,refusal:i(ga,{action:c,anyway:yr(X(n)),onAnyway:l}),onSubmit:l,onClose:J},i(at,{label:`New role`,options:jr.map(e=>[e,X(e)]),value:n,onValue:e=>r(e)}),i(Ba,{terms:a,onTerms:s}))}
function Wa(){let e=q.value;if(!e)return null;let{account:t}=e;switch(e.what){case`account`:return i(Ga,{account:t});case`history`:return i(Za,{account:t});case`role`:return i(Ua,{account:t,wanted:e.role});case`password`:return i(Ya,{account:t});default:return i(qa,{key:e.what,account:t,what:e.what})}}
function Ga({account:e}){return i(k,{title:e.email,onClose:J},i(`div`,{class:`body`},i(Ka,{account:e}),i(`footer`,null,!Pr(e)&&i(s,null,i(`button`,{type:`button`,onClick:()=>q.value={what:`password`,account:e}},Sr.open),Nr(e).map(t=>i(`button`,{type:`button`,key:t,class:Ja(t)?`danger`:void 0,onClick:()=>q.value={what:t,account:e}},xr[t].open))),i(`button`,{type:`button`,onClick:J},`Done`))))}
function Ka({account:e}){return i(`dl`,{class:`fact-list`},i(`dt`,null,`Name`),i(`dd`,null,i(M,null,`${e.firstName} ${e.lastName}`)),i(`dt`,null,`Id`),i(`dd`,{class:`mono`},e.id),i(`dt`,null,`Role`),i(`dd`,null,X(Y(e)),` `,e.roleUntil&&e.lastingRole&&mr(e.roleUntil,X(e.lastingRole))),i(`dt`,null,`State`),i(`dd`,null,i(ro,{account:e})),e.banned&&i(s,null,i(`dt`,null,`Reason of the ban`),i(`dd`,null,i(M,null,e.banReason)),i(`dt`,null,`Banned`),i(`dd`,null,i(N,{at:e.bannedAt}))),i(`dt`,null,`Identity check`),i(`dd`,null,e.kycStatus.toLowerCase()),i(`dt`,null,`Last login`),i(`dd`,null,i(N,{at:e.lastLoginAt})),i(`dt`,null,`Created`),i(`dd`,null,i(N,{at:e.createdAt})))}
function qa({account:e,what:t}){let n=xr[t],[r,a]=o(``),s=E(async()=>{await Rr(e,t,r.trim()),J()}),c=()=>void s.start();return i($,{title:n.title(e.email),text:n.intro,submit:n.open,danger:Ja(t),action:s,refusal:i(ga,{action:s,anyway:br(n.open),onAnyway:c}),onSubmit:c,onClose:J},i(A,{label:`Reason`,required:!0,maxLength:500,autocomplete:`off`,"data-focus":!0,value:r,onValue:a}))}
function Ja(e){return e===`ban`||e===`disable`}
function Ya({account:e}){let[t,n]=o(null),r=E(async()=>n(await Vr(e))),a=Sr;return t===null?i($,{title:a.title(e.email),text:a.intro,submit:a.open,danger:!0,action:r,onSubmit:()=>void r.start(),onClose:J}):i(pa,{title:e.email,label:a.secret,secret:t,onClose:J})}
var Xa=25
function Za({account:e}){let t=Sn({queryKey:[`account-history`,e.id],queryFn:({pageParam:t,signal:n})=>$a(e.id,t,n),getNextPageParam:e=>e.nextCursor,staleTime:0}),n=t.data?.pages.flatMap(e=>e.entries);return i(k,{title:pr(e.email),onClose:J,wide:!0},i(`div`,{class:`body`},t.error&&i(P,null,_(t.error)),!n&&!t.error&&i(`p`,{class:`muted`},`Loading…`),n?.length===0&&i(`p`,{class:`muted`},`Nothing has been done to this account yet.`),i(`ol`,{class:`timeline`},n?.map(e=>i(Qa,{key:e.id,entry:e}))),i(`footer`,null,t.hasNextPage&&i(`button`,{type:`button`,"aria-disabled":t.isFetching,onClick:()=>void t.fetchNextPage()},`Show older`),i(`button`,{type:`button`,onClick:J},`Done`))))}
function Qa({entry:e}){return i(`li`,null,i(N,{at:e.actionTimestamp}),i(`div`,null,i(`strong`,null,e.actionDescription),` `,e.status===`DENIED`&&i(F,{tone:`bad`},`refused`),` `,i(`span`,{class:`muted`},`by`,` `,i(M,null,e.adminEmail??e.adminName))),i(`p`,null,i(M,null,e.description)))}
async function $a(e,t,n){let r=null,{data:i}=await T(C.GET(`/v1/api/superadmin/users/{id}/history`,{params:{path:{id:e},query:{limit:Xa,...t&&{cursor:t}}},signal:n}).then(e=>(r=e.response.headers.get(`Link`),e)));return{entries:i,nextCursor:eo(r)}}
function eo(e){return/[?&]cursor=([^&>]+)/u.exec(e??``)?.[1]}
function to(){let e=sa(`accounts`,io(),(e,t)=>w(C.GET(`/v1/api/superadmin/users`,{params:{query:e},signal:t})));n(()=>J,[]);let{users:t=[],nextCursor:r}=e.query.data??{},a=[[``,`Any`],[`true`,`yes`],[`false`,`no`]];return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Accounts`),i(`button`,{type:`button`,class:`primary`,onClick:()=>z({do:`create`})},`Create account`)),i(`div`,{class:`filters`},i(B,{label:`Search by email`,name:`email`}),i(V,{label:`Role`,name:`role`,options:[[``,`Any role`],...jr.map(e=>[e,X(e)])]}),i(V,{label:`Enabled`,name:`enabled`,options:a}),i(V,{label:`Banned`,name:`banned`,options:a})),i(ca,{list:e,label:`Accounts`,count:t.length,nextCursor:r,none:`No account fits these filters.`},i(la,{columns:[`Email`,`Name`,`Role`,`State`,`Last login`],actions:`Actions`},t.map(e=>i(no,{key:e.id,account:e})))),i(Wa,null),L.value.query.do===`create`&&i(ha,{onClose:()=>z({do:null})}))}
function no({account:e}){let{email:t}=e,n=Y(e);return i(ua,null,i(da,null,i(`button`,{type:`button`,class:`link`,title:fr(t),onClick:()=>q.value={what:`account`,account:e}},i(M,null,t)),` `,Pr(e)&&i(F,null,`you`)),i(Q,{of:`Name`},i(M,null,`${e.firstName} ${e.lastName}`)),i(Q,{of:`Role`},i(`select`,{"aria-label":dr(t),disabled:Pr(e),value:n,onChange:t=>{let r=t.currentTarget.value;t.currentTarget.value=n,q.value={what:`role`,account:e,role:r}}},jr.map(e=>i(`option`,{key:e,value:e},X(e)))),e.roleUntil&&e.lastingRole&&i(`div`,{class:`muted`},mr(e.roleUntil,X(e.lastingRole)))),i(Q,{of:`State`},i(ro,{account:e})),i(Q,{of:`Last login`},i(N,{at:e.lastLoginAt})),i(fa,null,i(`button`,{type:`button`,"aria-label":pr(t),onClick:()=>q.value={what:`history`,account:e}},`History`)))}
function ro({account:e}){return i(s,null,e.banned&&i(F,{tone:`bad`},`banned`),` `,!e.enabled&&i(F,{tone:`warn`},`disabled`),e.enabled&&!e.banned&&i(F,{tone:`good`},`enabled`))}
function io(){let{email:e,role:t,enabled:n,banned:r}=L.value.query,i=e=>e===`true`||e===`false`;return{...e&&{email:e},...jr.includes(t)&&{role:t},...i(n)&&{enabled:n===`true`},...i(r)&&{banned:r===`true`}}}
function ao({tenant:e,onClose:t}){let[n,r]=o(!1),a=oo(e.id),s=a.data?.data,c=E(async t=>{r(!1);try{fi(e,t,await di(e.id,t,a.data?.etag??null))}catch(e){if(!(e instanceof g&&e.status===412))throw e;r(!0)}await a.refetch()});return i(k,{title:e.name,onClose:t},i(`div`,{class:`body`},a.error&&i(P,null,_(a.error)),n&&i(P,null,`Somebody else changed this tenant meanwhile. Its present state is shown here. Nothing was overwritten.`),i(`dl`,{class:`fact-list`},i(`dt`,null,`Id`),i(`dd`,{class:`mono`},e.id),i(`dt`,null,`Created`),i(`dd`,null,i(N,{at:e.created_at})),i(`dt`,null,`Changed`),i(`dd`,null,i(N,{at:s?.updated_at??e.updated_at})),i(`dt`,null,`Protection against deletion`),i(`dd`,null,s?i(F,{tone:s.deletion_protection?`good`:`plain`},s.deletion_protection?`on`:`off`):`Loading…`)),c.problem&&i(P,null,c.problem),i(`footer`,null,s&&i(`button`,{type:`button`,"aria-disabled":c.busy,onClick:()=>void c.start(!s.deletion_protection)},s.deletion_protection?`Lift the protection`:`Protect against deletion`),i(`button`,{type:`button`,class:`primary`,onClick:t},`Done`))))}
function oo(e){return H({queryKey:[`tenant`,e],queryFn:async({signal:t})=>{let{data:n,etag:r}=await T(C.GET(`/global/tenants/{id}`,{params:{path:{id:e}},signal:t}));return{data:n.data,etag:r}},staleTime:0})}
function so({label:e,done:t,total:n,text:r}){let a=m();return i(`div`,{class:`progress`},i(`span`,{id:a},e),i(`progress`,{"aria-labelledby":a,max:n,value:t??void 0}),r&&i(`span`,{class:`muted`},r))}
var co=700,
lo=25
function uo({tenant:e,onClose:t}){let n=fo(e.id),r=n.data;return i(`div`,{class:`body`},n.error&&i(P,null,_(n.error)),r?.status===`deleted`?i(mo,{deletion:r}):i(po,{deletion:r??null}),i(`footer`,null,r?.status===`deleted`&&i(`button`,{type:`button`,class:`primary`,onClick:()=>ho(r)},`Save receipt`),i(`button`,{type:`button`,onClick:t},r?.status===`deleted`?`Done`:`Close`)))}
function fo(e){return H({queryKey:[`deletion`,e],queryFn:async({signal:t})=>{try{return(await w(C.GET(`/global/tenants/{id}/deletion`,{params:{path:{id:e}},signal:t}))).data}catch(e){if(e instanceof g&&e.status===404)return null;throw e}},refetchInterval:e=>e.state.data?.status!==`deleted`&&co,staleTime:0})}
function po({deletion:e}){let t=go(),n=e&&_o(e.total)>0,r=e?.status===`deleting`?e.percent:0;return i(s,null,i(`div`,{ref:t,tabIndex:-1},i(so,{label:`Deleted so far`,done:n?r:null,total:100,text:n?ii(_o(e.deleted),_o(e.total)):`The tenant is closed. The removal begins…`})),e?.status===`failed`&&i(P,null,`The deletion has stopped. It is tried again within five minutes.`),i(`p`,{class:`muted`},`The deletion continues if you close this.`),i(`span`,{class:`unseen`,role:`status`},ai(Math.floor(r/lo)*lo)))}
function mo({deletion:e}){let t=go();return i(s,null,i(`div`,{role:`status`},i(`h3`,{class:`done`,ref:t,tabIndex:-1},`Deleted`)),e.verified&&i(`p`,null,`Reads of every partition of the tenant found nothing.`),i(wo,{counts:e.deleted}),i(`dl`,{class:`fact-list`},i(`dt`,null,`Requested`),i(`dd`,null,i(N,{at:e.requested_at})),i(`dt`,null,`Deleted`),i(`dd`,null,i(N,{at:e.deleted_at})),i(`dt`,null,`Requested by`),i(`dd`,null,e.requested_by),i(`dt`,null,`Attempts`),i(`dd`,null,e.attempts)))}
function ho(e){Jt(`deletion-${e.tenant_id}.json`,`${JSON.stringify(e,null,2)}\n`,`application/json`)}
function go(){let e=f(null);return n(()=>e.current?.focus(),[]),e}
function _o(e){return Object.values(e).reduce((e,t)=>e+t,0)}
function vo({tenant:e,isScheduled:t,onClose:n}){let[r,a]=o(!1),s=E(async(t,r)=>{a(t===null);try{await ci(e,t,r)}catch(e){throw a(!1),e}t===null?await v.invalidateQueries({queryKey:[`deletion`,e.id]}):(n(),ui(e))});return r?i(yo,{tenant:e,onClose:n}):i(bo,{tenant:e,isScheduled:t,action:s,onClose:n,onConfirm:(e,t)=>void s.start(e,t)})}
function yo({tenant:e,onClose:t}){return i(k,{key:`progress`,title:ni(e.name),onClose:t},i(uo,{tenant:e,onClose:t}))}
function bo({tenant:e,isScheduled:t,action:n,onClose:r,onConfirm:a}){let[s,c]=o(!1),[l,u]=o(`7`),[d,f]=o(``),[p,m]=o(``),[h,ee]=o(!1),te=oo(e.id).data?.data.deletion_protection===!0,ne=()=>{let t=p.trim()===e.name.trim();ee(!t),t&&!te&&a(s?Number(l):null,d.trim())};return i($,{title:ti(e.name),text:`This removes the tenant and everything that belongs to it. It can't be undone.`,submit:s?`Schedule the deletion`:`Delete now`,danger:!0,action:{...n,busy:n.busy||te},onSubmit:ne,onClose:r},te?i(P,null,`This tenant is protected against deletion. Lift the protection first, under its details.`):i(So,{id:e.id}),!t&&i(`fieldset`,{class:`choices`},i(`legend`,{class:`label`},`When`),i(xo,{label:`Now`,hint:`Nobody of the tenant gets in any more, and the data is removed at once.`,checked:!s,onChoose:()=>c(!1)}),i(xo,{label:`In some days`,hint:`Nobody of the tenant gets in any more. Until that day the tenant can be restored.`,checked:s,onChoose:()=>c(!0)})),s&&i(A,{label:`Days until the deletion`,hint:`1 to 90`,type:`number`,min:1,max:90,required:!0,value:l,onValue:u}),i(A,{label:`Reason`,hint:`Kept in the audit. Up to 500 characters.`,optional:!0,maxLength:500,autocomplete:`off`,value:d,onValue:f}),i(A,{label:`Type the name to confirm`,hint:e.name,problem:h?`This is not the name of the tenant.`:null,required:!0,autocomplete:`off`,spellcheck:!1,value:p,onValue:m}))}
function xo({label:e,hint:t,checked:n,onChoose:r}){return i(`label`,{class:`choice`},i(`input`,{type:`radio`,name:`when`,checked:n,onChange:r}),i(`span`,null,e,i(`span`,{class:`hint`},t)))}
function So({id:e}){let t=H({queryKey:[`deletion-preview`,e],queryFn:async({signal:t})=>{let{data:n}=await w(C.DELETE(`/global/tenants/{id}`,{params:{path:{id:e},query:{dry_run:!0}},signal:t}));return`would_delete`in n?n:null},staleTime:0});return i(`section`,{"aria-label":`What will be deleted`,"aria-busy":t.isFetching},i(`h3`,null,`What will be deleted`),t.isPending&&i(`p`,{class:`muted`},`Counting what will be deleted…`),t.error&&i(P,null,_(t.error)),t.data&&i(wo,{counts:t.data.would_delete}),t.data?.complete===!1&&i(`p`,{class:`muted`},`There is more than was counted here.`))}
function Co(e,t){let n=oi[e]??e;return t===1?n.replace(/s$/u,``):n}
function wo({counts:e}){let t=Object.entries(e).filter(([,e])=>e>0).sort((e,t)=>t[1]-e[1]);return i(`ul`,{class:`counts`},t.map(([e,t])=>i(`li`,{key:e},i(`strong`,null,t),` `,Co(e,t))))}
function To({onClose:e}){let[t,n]=o(null);if(t){let{tenant:n,user:r,token:a}=t,o=Z;return i(pa,{title:o.done(n.name),label:o.token(r.email),secret:a,onClose:e})}return i(Eo,{onClose:e,onDone:n})}
function Eo({onClose:e,onDone:t}){let[n,r]=o(``),[a,s]=o(``),[c,l]=o(``),u={tenant_name:n.trim(),email:a.trim(),password:c},d=ma(u),f=E(async()=>{let e=await w(C.POST(`/register`,{params:{header:{"Idempotency-Key":d}},body:u}));O(Z.done(e.tenant.name)),v.invalidateQueries({queryKey:[`tenants`]}),t(e)});return i($,{title:Z.title,submit:Z.submit,action:f,onSubmit:()=>void f.start(),onClose:e},i(A,{label:Z.name,autocomplete:`off`,required:!0,"data-focus":!0,value:n,onValue:r}),i(A,{label:Z.email,type:`email`,autocomplete:`off`,required:!0,value:a,onValue:s}),i(j,{label:Z.password,hint:Z.passwordHint,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:c,onValue:l}))}
function Do(){let e=Mo(),t=sa(`tenants`,e,(e,t)=>w(C.GET(`/tenants`,{params:{query:e},signal:t})));n(()=>ko,[]);let{tenants:r=[],next_cursor:a}=t.query.data??{},o=e.status??`active`;return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Tenants`),i(`button`,{type:`button`,class:`primary`,onClick:()=>z({do:`register`})},`Register tenant`)),i(`div`,{class:`filters`},i(B,{label:`Search by name`,name:`name`}),i(V,{label:`Status`,name:`status`,options:rr.map(e=>[e===`active`?``:e,Kr[e]])})),i(ca,{list:t,label:`Tenants`,count:r.length,nextCursor:a,none:`No tenant is listed with these filters.`},i(la,{columns:[`Name`,`Status`,jo(o)],actions:`Actions`},r.map(e=>i(Ao,{key:e.id,tenant:e,status:o})))),i(Oo,null),L.value.query.do===`register`&&i(To,{onClose:()=>z({do:null})}))}
function Oo(){let{what:e,tenant:t,status:n}=ir.value??{};if(!t)return null;switch(e){case`delete`:return i(vo,{tenant:t,isScheduled:n===`scheduled`,onClose:ko});case`progress`:return i(yo,{tenant:t,onClose:ko});default:return i(ao,{tenant:t,onClose:ko})}}
function ko(){ir.value&&(ir.value=null,si())}
function Ao({tenant:e,status:t}){let{id:n,name:r}=e,a=n=>()=>{ir.value={what:n,tenant:e,status:t}},o=E(async()=>{O(await li(e))});return i(ua,null,i(da,null,i(`button`,{type:`button`,class:`link`,title:qr(r),onClick:a(`details`)},i(M,null,r)),o.problem&&i(P,null,o.problem)),i(Q,{of:`Status`},i(F,{tone:t===`active`?`good`:t===`scheduled`?`warn`:`bad`},Kr[t])),i(Q,{of:jo(t)},i(N,{at:t===`scheduled`?e.deletes_at:e.created_at})),i(fa,null,i(`a`,{class:`button quiet`,href:I([`audit`],{tenant:n}),"aria-label":Jr(r)},`Audit`),t===`scheduled`&&i(`button`,{type:`button`,"aria-label":Xr(r),"aria-disabled":o.busy,onClick:()=>void o.start()},`Restore`),t===`deleting`?i(`button`,{type:`button`,"aria-label":Qr(r),onClick:a(`progress`)},`Progress`):i(`button`,{type:`button`,class:`danger`,"aria-label":Yr(r),onClick:a(`delete`)},`Delete`)))}
function jo(e){return e===`scheduled`?`Deleted from`:`Created`}
function Mo(){let{name:e,status:t}=L.value.query;return{...e&&{name:e},...rr.includes(t)&&{status:t}}}
var No=e=>e===1?`1 role`:`${e} roles`,
Po=e=>e===1?`The user that you selected`:`The ${e} users that you selected`,
Fo=(e,t)=>`Line ${e}: ${t}`,
Io=e=>`and ${e} more`,
Lo=e=>`the column ${e} is missing`,
Ro=e=>`${e||`a column without a name`} is not a known column`,
zo=e=>`the column ${e} is there twice`,
Bo=(e,t)=>`has ${e} of ${t} cells`,
Vo=e=>`the role must be admin, manager or user, not ${e||`empty`}`,
Ho=e=>`until must be a time such as 2026-06-15T12:00:00Z, not ${e}`,
Uo=(e,t)=>`${e} is on line ${t} already`,
Wo=(e,t)=>`${e} of ${t}`,
Go=e=>`Change ${No(e)}`,
Ko={changed:`would change`,unchanged:`stays`,refused:`would be refused`,not_tried:`not checked`},
qo={changed:`changed`,unchanged:`stays`,refused:`refused`,not_tried:`not tried`},
Jo=(e,t,n,r,i)=>[`${e} ${i?`would change`:`changed`}`,`${t} ${t===1?`stays`:`stay`}`,`${n} ${i?`would be refused`:`refused`}`,r>0&&`${r} ${i?`not checked`:`not tried`}`].filter(Boolean).join(`, `),
Yo=(e,t)=>`The table shows ${e} of ${t} rows, the refused ones first.`,
Xo=b(new Map),
Zo=b(``)
function Qo(){return[...Xo.value.values()]}
function $o(e){return Xo.value.has(e)}
function es(e){ts([e],!$o(e.id))}
function ts(e,t){let n=new Map(Xo.value);for(let{id:r,email:i}of e)t?n.set(r,{id:r,email:i}):n.delete(r);Xo.value=n}
function ns(e){Zo.value!==e&&(Zo.value=e,rs())}
function rs(){Xo.value=new Map}
var is=500
async function as(e,t,n){let r=[],i;do{let t=await w(C.GET(`/users`,{params:{query:{...e,limit:is,...i&&{cursor:i}}}}));r.push(...t.users),i=t.next_cursor,n(r.length)}while(i&&!t.aborted);t.aborted||ts(r,!0)}
function os(e,t){let n=t=>e.filter(({result:e})=>e.outcome===t).length;return Jo(n(`changed`),n(`unchanged`),n(`refused`),n(`not_tried`),t)}
function ss(e){let t=({result:e})=>e.outcome===`refused`||e.outcome===`not_tried`;return[...e.filter(t),...e.filter(e=>!t(e))]}
var cs=200,
ls={changed:`good`,unchanged:`plain`,refused:`bad`,not_tried:`warn`}
function us({done:e,dryRun:t}){let n=e.length>cs,r=n?ss(e).slice(0,cs):e;return i(s,null,n&&i(`p`,{class:`hint`},Yo(r.length,e.length)),i(`div`,{class:`table-frame`},i(la,{columns:[`Line`,`Email`,`Role`,`Outcome`,`Why`]},r.map(({row:e,result:n})=>i(ua,{key:e.line},i(Q,{of:`Line`,class:`number`},e.line),i(da,null,i(M,null,e.email)),i(Q,{of:`Role`},n.old_role&&n.old_role!==n.new_role&&`${n.old_role} → `,n.new_role,n.until&&i(`span`,{class:`until`},`until `,i(N,{at:n.until}))),i(Q,{of:`Outcome`},i(F,{tone:ls[n.outcome]},(t?Ko:qo)[n.outcome])),i(Q,{of:`Why`},n.error&&de(n.error)))))))}
var ds=[`email`,`new_role`],
fs=[`until`,`reason`],
ps=/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/u
function ms(e){let t;try{t=Wt(e)}catch(e){return{rows:[],problems:[{line:e instanceof Ut?e.line:1,text:`a quotation mark is in the wrong place`}]}}let[n,...r]=t;if(!n)return{rows:[],problems:[]};let i=n.cells.map(e=>e.toLowerCase()),a=hs(i).map(e=>({line:n.line,text:e}));if(a.length>0)return{rows:[],problems:a};let o=[],s=new Map;for(let{line:e,cells:t}of r){let n=Object.fromEntries(i.map((e,n)=>[e,t[n]??``])),r=gs(n,t.length,i.length),c=(n.email??``).toLowerCase(),l=s.get(c);l!==void 0&&c&&r.push(Uo(n.email??``,l)),s.set(c,l??e),a.push(...r.map(t=>({line:e,text:t}))),o.push({line:e,email:n.email??``,change:_s(n)})}return a.length>0?{rows:[],problems:a}:{rows:o,problems:a}}
function hs(e){return[...ds.filter(t=>!e.includes(t)).map(Lo),...e.filter(e=>![...ds,...fs].includes(e)).map(Ro),...e.filter((t,n)=>t&&e.indexOf(t)<n).map(zo)]}
function gs(e,t,n){if(t!==n)return[Bo(t,n)];let{email:r=``,new_role:i=``,until:a=``}=e;return[...r?[]:[`the email is missing`],...K.includes(i)?[]:[Vo(i)],...a&&!ps.test(a)?[Ho(a)]:[]]}
function _s(e){return Object.fromEntries(Object.entries(e).filter(([,e])=>e!==``))}
function vs(e,t,n){return e.map(({id:e,email:r},i)=>({line:i+1,email:r,change:{user_id:e,new_role:t,...n&&{until:n}}}))}
var ys=6e4,
bs=new TextEncoder
function xs(e,t){let n=[],r=0;for(let i of e){let e=bs.encode(JSON.stringify(i.change)).length+1,a=n.at(-1);a&&a.length<t&&r+e<=ys?(a.push(i),r+=e):(n.push([i]),r=e)}return n}
function Ss(e){return Kt([[`line`,`email`,`old_role`,`new_role`,`until`,`outcome`,`error_code`,`error`],...e.map(({row:e,result:t})=>[e.line,e.email,t.old_role,t.new_role,t.until,t.outcome,t.error_code,t.error])])}
var Cs=100,
ws=20,
Ts=5
async function Es({rows:e,reason:t,dryRun:n,stop:r,onDone:i}){let a=[],o=[...e];for(;o.length>0&&!r.aborted;){let[e=[]]=xs(o,n?Cs:ws),r=await Ds(e,t,n),s=r.filter(({result:e})=>e.outcome!==`not_tried`);if(s.length===0){a.push(...r),i([...a]);return}a.push(...s),o=o.slice(s.length),i([...a])}}
async function Ds(e,t,n){for(let r=0;;r+=1)try{let{data:r}=await w(C.POST(`/users/promote`,{body:{changes:e.map(e=>e.change),dry_run:n,...t&&{reason:t}}}));return e.flatMap((e,t)=>{let n=r.results[t];return n?[{row:e,result:n}]:[]})}catch(t){if(!(t instanceof g&&t.isTemporary)||r>=Ts)throw Os(t,e);await new Promise(e=>setTimeout(e,he(r,t)))}}
function Os(e,t){if(!(e instanceof g))return e;let n=e.fields.map(({field:e,message:n})=>{let[,r,i=``]=/^changes\[(\d+)\]\.?(.*)$/u.exec(e)??[],a=r===void 0?void 0:t[Number(r)]?.line;return{field:a===void 0?e:`line ${a} ${i}`.trim(),message:n}});return new g(e.status,e.code,e.message,n,e.retryAfter)}
function ks(e){return Qo().length>0?i(As,e):i(Ms,e)}
function As({busy:e,onDryRun:t}){let[n,r]=o(`user`),[a,s]=o(wr),c=Qo();return i(`form`,{onSubmit:e=>{e.preventDefault(),t(vs(c,n,Er(a,new Date)),a.reason.trim())}},i(`p`,null,Po(c.length),`:`,` `,i(M,null,c.slice(0,3).map(e=>e.email).join(`, `),c.length>3&&`, …`)),i(`div`,{class:`role-form`},i(at,{label:`New role`,options:K.map(e=>[e,e]),value:n,onValue:e=>r(e)}),i(Ba,{terms:a,onTerms:s})),i(`footer`,null,i(`button`,{type:`button`,class:`quiet`,onClick:rs},`Use a CSV instead`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e},`Dry run`)))}
var js=20
function Ms({busy:e,onDryRun:t}){let n=m(),[r,a]=o(``),[s,c]=o(``),[l,u]=o(null),d=e=>{e.preventDefault();let n=ms(r);u(n.rows.length>0?null:n.problems),n.rows.length>0&&t(n.rows,s.trim())},f=async e=>{e&&(a(await e.text()),u(null))};return i(`form`,{onSubmit:d},i(`div`,{class:`field`},i(`label`,{for:n},`CSV with the columns email, new_role, until, reason`),i(`textarea`,{id:n,class:`mono`,rows:10,required:!0,spellcheck:!1,placeholder:`email,new_role,until,reason
ada@example.com,manager,,leads the team now`,"aria-describedby":`${n}-hint`,"aria-invalid":l?!0:void 0,value:r,onInput:e=>a(e.currentTarget.value),onDragOver:e=>e.preventDefault(),onDrop:e=>{e.dataTransfer?.files.length&&(e.preventDefault(),f(e.dataTransfer.files[0]))}}),i(`p`,{class:`hint`,id:`${n}-hint`},`until and reason may be missing. Paste the rows, or drop a file on the field.`)),i(`div`,{class:`field`},i(`label`,{for:`${n}-file`},`Choose a file`),i(`input`,{id:`${n}-file`,type:`file`,accept:`.csv,text/csv,text/plain`,onChange:e=>void f(e.currentTarget.files?.[0])})),i(Va,{reason:s,onReason:c}),l&&i(Ns,{problems:l}),i(`footer`,null,i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e},`Dry run`)))}
function Ns({problems:e}){let t=e.length-js;return i(`div`,{class:`problem`,role:`alert`},i(`p`,null,e.length>0?`Correct these lines first. Nothing was sent.`:`There are no rows yet.`),i(`ul`,null,e.slice(0,js).map(({line:e,text:t})=>i(`li`,{key:`${e} ${t}`},Fo(e,t))),t>0&&i(`li`,null,Io(t))))}
function Ps(){let[e,t]=o(null),[r,a]=o(``),c=f(new AbortController);n(()=>()=>c.current.abort(),[]);let l=E(async(e,n,r)=>{c.current=new AbortController,$e(),a(n);let i=[];t({dryRun:r,total:e.length,done:i});try{await Es({rows:e,reason:n,dryRun:r,stop:c.current.signal,onDone:n=>{i=n,t({dryRun:r,total:e.length,done:n})}})}finally{O(os(i,r)),r||(rs(),v.removeQueries({queryKey:[`users`]}))}});return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},ee.users),i(`a`,{class:`button`,href:I([`users`])},`Back to the list`)),i(`section`,{class:`card many`,"aria-label":`Change many roles`},i(`h2`,{tabIndex:-1},`Change many roles`),e?i(Fs,{report:e,busy:l.busy,onRun:e=>void l.start(e,r,!1),onStop:()=>c.current.abort(),onStartOver:()=>{l.forget(),t(null)}}):null,l.problem&&i(P,null,l.problem),i(`div`,{hidden:e!==null},i(ks,{busy:l.busy,onDryRun:(e,t)=>void l.start(e,t,!0)}))))}
function Fs({report:e,busy:t,onRun:r,onStop:a,onStartOver:o}){let{dryRun:c,total:l,done:u}=e,d=f(null);n(()=>d.current?.focus(),[c]);let p=c?u.filter(({result:e})=>e.outcome===`changed`).map(({row:e})=>e):[];return i(s,null,i(`h3`,{ref:d,tabIndex:-1},c?`What would happen`:`What happened`),t&&i(`div`,{class:`running`},i(so,{label:c?`Dry run`:`Changing roles`,done:u.length,total:l,text:Wo(u.length,l)}),i(`button`,{type:`button`,onClick:a},`Stop`)),i(`p`,null,os(u,c)),c&&l>100&&i(`p`,{class:`hint`},`The dry run looks at 100 rows at a time, each time at the users as they are now.`),i(us,{done:u,dryRun:c}),!t&&i(`footer`,{class:`actions`},i(`button`,{type:`button`,onClick:o},`Start over`),i(`button`,{type:`button`,onClick:()=>Jt(`role-changes.csv`,Ss(u),`text/csv`)},`Save results as CSV`),p.length>0&&i(`button`,{type:`button`,class:`primary`,onClick:()=>r(p)},Go(p.length))))}
async function Is(e,t){let{data:n,etag:r}=await T(C.GET(`/users/{id}`,{params:{path:{id:e},query:{include:`allowed_roles`}},...t&&{signal:t}}));return Ys(n.data),{data:n.data,etag:r}}
async function Ls(e,t,n){let[r,i]=await sr(Ws(e),async({data:r,etag:i})=>[r,await Gs(e.id,i,t,n)]);O(Ca(e.email,r.role,t),()=>qs(e,async()=>{let n=i;for(let i of Ar(r,t,new Date))n=await Gs(e.id,n,i,`undone in the console`);return wa(e.email,ba(r))})),await Js(e.id)}
async function Rs(e,t,n){let r=await sr(Ws(e),r=>Ks(e.id,r.etag,t,n));O(Ta(e.email,t),()=>qs(e,async()=>(await Ks(e.id,r,!t,`undone in the console`),Ta(e.email,!t)))),await Js(e.id)}
async function zs(e,t){await sr(Ws(e),({etag:n})=>T(C.DELETE(`/users/{id}`,{params:{path:{id:e.id},query:t?{reason:t}:{},header:lr(n)}}))),O(Ea(e.email)),v.removeQueries({queryKey:[`user`,e.id]}),Xs(t=>t.filter(t=>t.id!==e.id)),await v.invalidateQueries({queryKey:[`users`]})}
async function Bs(e){let{data:t}=await w(C.POST(`/users/{id}/token`,{params:{path:{id:e.id}}})),n=x.value;return n?.kind===`token`&&e.allowed_roles?.length===0&&Us(e.id,n.credential.access)&&we({...n.credential,access:t.token}),await v.invalidateQueries({queryKey:[`users`]}),t.token}
async function Vs(e,t){await w(C.PUT(`/users/{id}/password`,{params:{path:{id:e.id}},body:{new_password:t}})),O(Oa(e.email))}
async function Hs(e,t){let n=await w(C.POST(`/users`,{params:{header:{"Idempotency-Key":t}},body:e}));return O(Da(n.user.email)),await v.invalidateQueries({queryKey:[`users`]}),n.user.token}
function Us(e,t){return v.getQueriesData({queryKey:[`users`]}).flatMap(([,e])=>e?.users??[]).some(n=>n.id===e&&n.token?.slice(-4)===t.slice(-4))}
function Ws(e){return{seen:e,read:()=>Is(e.id),isSame:Or,inWords:ba,onNewer:t=>v.setQueryData([`user`,e.id],t)}}
async function Gs(e,t,n,r){return(await T(C.POST(`/users/{id}/promote`,{params:{path:{id:e},header:lr(t)},body:{...n,...r&&{reason:r}}}))).etag}
async function Ks(e,t,n,r){return(await T(C.PUT(`/users/{id}`,{params:{path:{id:e},header:lr(t)},body:{active:n,...r&&{reason:r}}}))).etag}
async function qs(e,t){await cr(e.email,t),await Js(e.id)}
async function Js(e){await Is(e).then(t=>v.setQueryData([`user`,e],t),()=>void 0)}
function Ys(e){Xs(t=>t.map(t=>t.id===e.id?{...Zs(t),...e}:t))}
function Xs(e){v.setQueriesData({queryKey:[`users`]},t=>t&&{...t,users:e(t.users)})}
function Zs({lasting_role:e,role_until:t,...n}){return n}
function Qs({said:e,user:t,danger:n=!1,action:r,onClose:a,children:o}){return i($,{title:e.title(t.email),text:e.text,submit:e.submit,danger:n,action:r,refusal:i(ga,{action:r}),onSubmit:()=>void r.start(),onClose:a},o)}
function $s({user:e,onClose:t}){let[n,r]=o(``),[a]=o(!e.active),s=E(async()=>{await Rs(e,a,n.trim()),t()});return i(Qs,{said:a?ja:Aa,user:e,danger:!a,action:s,onClose:t},i(Va,{reason:n,onReason:r}))}
function ec({user:e,onClose:t,onGone:n}){let[r,a]=o(``),s=E(async()=>{await zs(e,r.trim()),n()});return i(Qs,{said:Ma,user:e,danger:!0,action:s,onClose:t},i(Va,{reason:r,onReason:a}))}
function tc({user:e,onClose:t}){let[n,r]=o(null),a=E(async()=>r(await Bs(e)));return n===null?i(Qs,{said:Na,user:e,action:a,onClose:t}):i(nc,{title:Na.doneTitle(e.email),token:n,onClose:t})}
function nc({title:e,token:t,onClose:n}){return i(pa,{title:e,label:Na.token,secret:t,onClose:n})}
function rc({user:e,onClose:t}){let[n,r]=o(``),a=E(async()=>{await Vs(e,n),t()});return i(Qs,{said:Pa,user:e,action:a,onClose:t},i(it,{email:e.email}),i(j,{label:`New password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:n,onValue:r}))}
function ic({onClose:e}){let[t,n]=o({email:``,password:``,role:`user`}),[r,a]=o(null),s=f(crypto.randomUUID()),c=e=>{s.current=crypto.randomUUID(),n({...t,...e})},l=E(async()=>a(await Hs({...t,email:t.email.trim()},s.current)));return r===null?i(k,{title:`Create a user`,onClose:e},i(`form`,{onSubmit:e=>{e.preventDefault(),l.start()}},i(A,{label:`Email`,type:`email`,autocomplete:`off`,required:!0,"data-focus":!0,value:t.email,onValue:e=>c({email:e})}),i(j,{label:`Password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:t.password,onValue:e=>c({password:e})}),i(at,{label:`Role`,options:K.map(e=>[e,e]),value:t.role,onValue:e=>c({role:e})}),l.problem&&i(P,null,l.problem),i(`footer`,null,i(`button`,{type:`button`,onClick:e},`Cancel`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":l.busy},`Create user`)))):i(nc,{title:Fa(t.email.trim()),token:r,onClose:e})}
var ac=900
function oc({user:e,pending:t,describedBy:r,onChoose:a}){let[s,c]=o(null),l=f(!1),u=f(void 0);n(()=>()=>clearTimeout(u.current),[]);let d=t=>{clearTimeout(u.current),l.current=!1,c(null),t&&t!==e.role&&a(t)},p=e=>{l.current?(c(e),clearTimeout(u.current),u.current=setTimeout(()=>d(e),ac)):d(e)},m=e=>{e===`Enter`?d(s):e===`Escape`?d(null):l.current=!0},h=e.allowed_roles??[];return i(`select`,{"aria-label":va(e.email),"aria-describedby":r,disabled:h.length===0,value:t??s??e.role,onPointerDown:()=>{l.current=!1},onKeyDown:e=>m(e.key),onBlur:()=>d(s),onChange:e=>p(e.currentTarget.value)},K.filter(t=>t===e.role||h.includes(t)).map(e=>i(`option`,{key:e,value:e},e)))}
function sc({user:e,terms:t}){let n=m(),[r,a]=o(null),s=E(async n=>{a(n);try{let r=Er(t,new Date);await Ls(e,{new_role:n,...r&&{until:r}},t.reason.trim())}finally{a(null)}}),c=f(e.role),l=e=>{c.current=e,s.start(e)},u=I([`users`],{...L.value.query,person:e.id});return i(`tr`,{"aria-busy":s.busy},i(`td`,{class:`tick`},i(`input`,{type:`checkbox`,"aria-label":Ia(e.email),checked:$o(e.id),onChange:()=>es(e)})),i(`th`,{scope:`row`},i(`a`,{href:u},i(M,null,e.email)),e.id===x.value?.userId&&i(F,null,`you`),!e.active&&i(`span`,{class:`narrow-only`},i(F,{tone:`warn`},`inactive`))),i(`td`,{class:`role`},i(oc,{user:e,pending:r,describedBy:s.error?n:void 0,onChoose:l}),e.role_until&&i(`span`,{class:`until`},ya(e.role_until,e.lasting_role??e.role)),i(`div`,{id:n},i(ga,{action:s,anyway:c.current===e.role?void 0:ka(c.current),onAnyway:()=>l(c.current)}))),i(`td`,{class:`wide-only`},i(F,{tone:e.active?`good`:`warn`},e.active?`active`:`inactive`)),i(`td`,{class:`wide-only`},i(N,{at:e.updated_at})))}
function cc({filters:e,hasMore:t}){let[n,r]=o(0),a=f(null),c=E(async()=>{a.current=new AbortController,r(0),await as(e,a.current.signal,r)}),l=Qo().length;return i(`div`,{class:`selection`},i(`span`,{"aria-live":`polite`},c.busy?Ra(n):l>0&&La(l)),c.busy&&i(`button`,{type:`button`,onClick:()=>a.current?.abort()},`Stop`),t&&!c.busy&&l>0&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>void c.start()},`Select all that match`),l>0&&!c.busy&&i(s,null,i(`button`,{type:`button`,class:`quiet`,onClick:rs},`Clear selection`),i(`a`,{class:`button`,href:I([`users`,`many`])},`Change their roles`)),c.problem&&i(P,null,c.problem))}
function lc(){let e=fc(),[t,r]=o(wr),a=sa(`users`,e,(e,t)=>w(C.GET(`/users`,{params:{query:{...e,include:`allowed_roles`}},signal:t}))),c=JSON.stringify(e);n(()=>ns(c),[c]);let{users:l=[],next_cursor:u}=a.query.data??{};return i(s,null,i(uc,null),i(`div`,{class:`toolbar`},i(Ha,{terms:t,onTerms:r}),i(cc,{filters:e,hasMore:!!u||a.pages.number>1})),i(ca,{list:a,label:`Users`,count:l.length,nextCursor:u,none:`No user matches these filters. Remove a filter to see more.`},i(`table`,{class:`users`},i(dc,{users:l}),i(`tbody`,null,l.map(e=>i(sc,{key:e.id,user:e,terms:t}))))))}
function uc(){return i(`div`,{class:`filters`},i(B,{label:`Search by email`,name:`email`}),i(V,{label:`Role`,name:`role`,options:[[``,`Any role`],...K.map(e=>[e,e])]}),i(V,{label:`State`,name:`active`,options:[[``,`Any state`],[`true`,`active`],[`false`,`inactive`]]}))}
function dc({users:e}){let t=e.filter(e=>$o(e.id)).length;return i(`thead`,null,i(`tr`,null,i(`td`,{class:`tick`},i(`input`,{type:`checkbox`,"aria-label":`Select all on this page`,checked:e.length>0&&t===e.length,indeterminate:t>0&&t<e.length,onChange:t=>ts(e,t.currentTarget.checked)})),i(`th`,{scope:`col`},`Email`),i(`th`,{scope:`col`},`Role`),i(`th`,{scope:`col`,class:`wide-only`},`State`),i(`th`,{scope:`col`,class:`wide-only`},`Changed`)))}
function fc(){let{email:e,role:t,active:n}=L.value.query;return{...e&&{email:e},...K.includes(t)&&{role:t},...(n===`true`||n===`false`)&&{active:n===`true`}}}
function pc({id:e,onTitle:t,onGone:r}){let a=H({queryKey:[`user`,e],queryFn:({signal:t})=>Is(e,t),staleTime:0}),o=a.data?.data;return n(()=>{o&&t(o.email)},[o?.email]),a.error?i(P,null,_(a.error)):o?i(mc,{user:o,onGone:r}):i(`p`,{class:`muted`},`Loading…`)}
function mc({user:e,onGone:t}){return i(s,null,i(`dl`,{class:`facts`},i(hc,{name:`Role`},e.role,e.role_until&&i(`span`,{class:`until`},ya(e.role_until,e.lasting_role??e.role))),i(hc,{name:`State`},i(F,{tone:e.active?`good`:`warn`},e.active?`active`:`inactive`)),i(hc,{name:`Created`},i(N,{at:e.created_at})),i(hc,{name:`Changed`},i(N,{at:e.updated_at})),i(hc,{name:`Id`},i(`code`,null,e.id))),i(gc,{user:e}),i(_c,{user:e,onGone:t}))}
function hc({name:e,children:t}){return i(`div`,null,i(`dt`,null,e),i(`dd`,null,t))}
function gc({user:e}){let t=f(null),r=K.filter(t=>t===e.role||e.allowed_roles?.includes(t)),[a,s]=o(null),c=a??e.role,[l,u]=o(wr),d=E(async()=>{let t=Er(l,new Date);await Ls(e,{new_role:c,...t&&{until:t}},l.reason.trim()),s(null),u(wr)});return n(()=>{t.current&&L.value.query.do===`role`&&(t.current.querySelector(`select`)?.focus(),z({do:null}))}),e.allowed_roles?.length?i(`form`,{ref:t,class:`section`,onSubmit:e=>{e.preventDefault(),d.start()},"aria-label":`Change role`},i(`h3`,null,`Change role`),i(`div`,{class:`role-form`},i(at,{label:`New role`,options:r.map(e=>[e,e]),value:c,onValue:e=>s(e)}),i(Ba,{terms:l,onTerms:u}),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":d.busy},`Change role`)),i(ga,{action:d,anyway:ka(c),onAnyway:()=>void d.start()})):i(`p`,{class:`muted`},`You cannot change this role.`)}
function _c({user:e,onGone:t}){let n=e.id===x.value?.userId,r=L.value.query.do,a=n&&r!==`rotate`?null:r,o=e=>z({do:e}),c=()=>o(null);return i(`section`,{class:`section`,"aria-label":`Other changes`},i(`h3`,null,`Other changes`),i(`div`,{class:`actions`},i(`button`,{type:`button`,onClick:()=>o(`rotate`)},`New API token`),!n&&i(s,null,i(`button`,{type:`button`,onClick:()=>o(`password`)},`Set password`),i(`button`,{type:`button`,onClick:()=>o(`active`)},e.active?`Deactivate`:`Activate`),i(`button`,{type:`button`,class:`danger`,onClick:()=>o(`delete`)},`Delete`))),a===`active`&&i($s,{user:e,onClose:c}),a===`rotate`&&i(tc,{user:e,onClose:c}),a===`password`&&i(rc,{user:e,onClose:c}),a===`delete`&&i(ec,{user:e,onClose:c,onGone:t}))}
function vc(){let e=x.value?.standing===`admin`;return L.value.rest[0]===`many`?i(Ps,null):i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Users`),i(`a`,{class:`button`,href:I([`users`,`many`])},`Change many`),e&&i(`button`,{type:`button`,class:`primary`,onClick:()=>z({do:`create`})},`Create user`)),i(e?lc:bc,null),e&&L.value.query.person&&i(yc,{key:L.value.query.person,id:L.value.query.person}),e&&L.value.query.do===`create`&&i(ic,{onClose:()=>z({do:null})}))}
function yc({id:e}){let[t,n]=o(`Users`),r=()=>z({person:null,do:null});return i(k,{title:t,onClose:r,wide:!0},i(`div`,{class:`body`},i(pc,{id:e,onTitle:n,onGone:r})))}
function bc(){let e=L.value.query.person??x.value?.userId??``,[t,n]=o(e),[r,a]=o(``);return i(s,null,i(`form`,{class:`open-person`,onSubmit:e=>{e.preventDefault(),R([`users`],{person:t.trim()})}},i(A,{label:`Id of the person`,hint:`A manager does not list the users of the tenant. Open a person by their id.`,required:!0,spellcheck:!1,class:`mono`,value:t,onValue:n}),i(`button`,{type:`submit`,class:`primary`},`Open`)),e&&i(`section`,{class:`card`},i(`h2`,{tabIndex:-1},r),i(pc,{key:e,id:e,onTitle:a,onGone:()=>z({person:null,do:null})})))}
function xc({onClose:e}){let[t,n]=o(``),[r,a]=o(``),[s,c]=o(null),l=E(async()=>c(await Ei(t.trim(),r.trim())));return s?i(pa,{...s,label:`Secret that signs the deliveries`,onClose:e}):i($,{title:`Add a webhook`,submit:`Add`,action:l,onSubmit:()=>void l.start(),onClose:e},i(A,{label:`Address`,hint:`It begins with https:// and can be reached from the internet.`,type:`url`,required:!0,maxLength:2e3,"data-focus":!0,value:t,onValue:n}),i(A,{label:`Only for this user`,hint:`Email or id. Without it the webhook gets the events of all users.`,optional:!0,autocomplete:`off`,spellcheck:!1,value:r,onValue:a}))}
function Sc({webhook:e,onClose:t}){let[n,r]=o(null),[a]=o(e.status===`disabled`),s=E(async()=>r(await Di(e))),{title:c,text:l,enables:u,submit:d}=yi;return n?i(pa,{...n,label:`Secret that signs the deliveries`,onClose:t}):i($,{title:c,text:a?`${l(e.url)} ${u}`:l(e.url),submit:d,action:s,onSubmit:()=>void s.start(),onClose:t})}
function Cc({webhook:e,onClose:t}){let n=E(async()=>{await Oi(e),t()}),{title:r,text:a,submit:o}=bi;return i($,{title:r,text:a(e.url),submit:o,danger:!0,action:n,onSubmit:()=>void n.start(),onClose:t})}
function wc(e,t){let n=t.last_failure;return n&&n.at!==e.last_failure?.at?_i(t.url,n.error):t.last_delivered_at===e.last_delivered_at?null:gi(t.url)}
var Tc=2e3,
Ec=30,
Dc={active:`good`,failing:`warn`,disabled:`bad`}
function Oc(){let e=Si.value;n(()=>kc,[]);let t=sa(`webhooks`,{},(e,t)=>w(C.GET(`/webhooks`,{params:{query:e},signal:t}))),{webhooks:r=[],next_cursor:a}=t.query.data??{};return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Webhooks`),i(`button`,{type:`button`,class:`primary`,onClick:()=>z({do:`create`})},`Add webhook`)),i(ca,{list:t,label:`Webhooks`,count:r.length,nextCursor:a,none:`There are no webhooks. A webhook tells another system when a user's role or state changes.`},i(la,{columns:[`Address`,`Hears of`,`Status`,`Last delivery`,`Last failure`],actions:`Actions`},r.map(e=>i(Ac,{key:e.id,webhook:e})))),e?.what===`rotate`&&i(Sc,{webhook:e.webhook,onClose:kc}),e?.what===`delete`&&i(Cc,{webhook:e.webhook,onClose:kc}),L.value.query.do===`create`&&i(xc,{onClose:()=>z({do:null})}))}
function kc(){Si.value=null}
function Ac({webhook:e}){let{url:t,user_id:n,status:r,last_failure:a}=e,o=jc(e);return i(ua,null,i(da,null,i(M,null,t),o.problem&&i(P,null,o.problem)),i(Q,{of:`Hears of`},n?i(`a`,{href:I([`users`],{person:n}),title:n},`one user`):`everybody`),i(Q,{of:`Status`},i(F,{tone:Dc[r]},pi[r])),i(Q,{of:`Last delivery`},i(N,{at:e.last_delivered_at})),i(Q,{of:`Last failure`},i(N,{at:a?.at}),a&&i(`span`,{class:`until`},a.error)),i(fa,null,i(`button`,{type:`button`,"aria-label":mi(t),"aria-disabled":o.busy,onClick:()=>void o.start()},`Test`),i(`button`,{type:`button`,"aria-label":yi.of(t),onClick:()=>Si.value={what:`rotate`,webhook:e}},yi.open),i(`button`,{type:`button`,class:`danger`,"aria-label":bi.of(t),onClick:()=>Si.value={what:`delete`,webhook:e}},bi.open)))}
function jc(e){let t=Ci.value[e.id];n(()=>{if(!t)return;let n=0,r=setInterval(()=>{n+=1,n>Ec?wi(e.id,void 0):Ti()},Tc);return()=>clearInterval(r)},[t]);let r=t&&wc(t,e);return n(()=>{r&&(O(r),wi(e.id,void 0))},[r]),E(()=>ki(e))}
var Mc={users:vc,accounts:to,tenants:Do,audit:An,webhooks:Oc}
function Nc(){let e=Pc();zc(e),Rc(),n($e,[`${e} ${L.value.rest.join(` `)}`]);let t=e?Mc[e]:Fc;return i(s,null,i(`a`,{class:`skip`,href:`#main`,onClick:Lc},`Skip to the content`),i(`header`,{class:`bar`},i(ft,null),i(`nav`,{"aria-label":`Screens`},S().map(t=>i(`a`,{key:t,href:I([t]),"aria-current":t===e?`page`:void 0},ee[t]))),i(`div`,{class:`who`},i(`span`,{class:`name`,title:x.value?.name},i(`bdi`,null,x.value?.name)),i(`button`,{type:`button`,class:`quiet`,onClick:()=>U.value=`palette`},`Search and commands`,` `,i(`kbd`,null,`Ctrl K`)),i(pt,null),x.value?.kind!==`token`&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>U.value=`password`},`Change password`),i(`button`,{type:`button`,onClick:Ic},`Sign out`))),i(`main`,{id:`main`,tabIndex:-1},i(t,{key:e})),i(tt,null),i(ta,null))}
function Pc(){let e=S();return e.find(e=>e===L.value.screen)??e[0]}
function Fc(){return i(s,null,i(`h1`,{tabIndex:-1},`Rolecall`),i(`p`,null,`Your account is signed in, but it administers nothing here. A superadmin can change that.`))}
function Ic(){R([]),Be()}
function Lc(e){e.preventDefault(),document.getElementById(`main`)?.focus()}
function Rc(){n(()=>{let e=Pc();e&&L.value.screen!==e&&Ot([e],L.value.screen?{}:L.value.query)})}
function zc(e){let n=f(null);t(()=>{n.current!==e&&document.querySelector(`h1`)?.focus(),n.current=e},[e])}
function Bc(){let[,e]=r(e=>e+1,0);return ye(()=>e(void 0)),i(s,null,i(Vc,null),i(wt,null))}
function Vc(){return x.value?x.value.mustChangePassword?i(mt,null):i(Nc,null):i(yt,null)}
v.mount(),Te()
var Hc=document.getElementById(`app`);
Hc&&(Hc.replaceChildren(),u(i(Bc,null),Hc))
