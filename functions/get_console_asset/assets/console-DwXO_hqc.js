import{a as e,c as t,d as n,f as r,h as i,i as a,l as o,m as s,n as c,o as l,p as u,r as d,s as f,t as p,u as m}from"./packages-BMk51Oqq.js"
var h={admin:`Admin of a tenant`,member:`Member of a tenant`,superadmin:`Superadmin`,account:`Platform account`,master:`Operator`},
ee={users:`Users`,accounts:`Accounts`,tenants:`Tenants`,audit:`Audit`,webhooks:`Webhooks`},
te={admin:`admin`,manager:`manager`,user:`user`,ROLE_CLIENT:`client`,ROLE_VERIFIED_USER:`verified user`,ROLE_ADMIN:`admin`,ROLE_SUPERADMIN:`superadmin`},
ne={system:`System colours`,light:`Light`,dark:`Dark`},
re=e=>`The API answered with status ${e}`,
ie=e=>`Try again in ${e===1?`a second`:`${e} seconds`}.`,
ae=(e,t)=>e===t?`${e}`:`${e} to ${t}`,
oe={copy:`Copy`,copied:`Copied`,failed:`Select the text and copy it`},
g=class extends Error{status;code;fields;retryAfter;name=`ApiError`;constructor(e,t,n,r=[],i=null){super(n),this.status=e,this.code=t,this.fields=r,this.retryAfter=i}get isTemporary(){return this.status===0||this.status===429||this.status===503}}
function se(e,t){let n=ue(t)?t:{},r=n.validation??n.fieldErrors??[],i=Number(e.headers.get(`Retry-After`)??NaN);return new g(e.status,de(n.error_code)??de(n.code)??`HTTP_${e.status}`,de(n.message)??de(n.error)??re(e.status),r,Number.isFinite(i)?i:null)}
function ce(e){return e instanceof TypeError?new g(0,`UNREACHABLE`,`The API did not answer. Check the connection and try again.`):e}
function _(e){if(!(e instanceof g))return`Something went wrong in this page. Reload it and try again.`;let t=e.fields.map(e=>e.field?`${e.field}: ${e.message}`:e.message),n=e.isTemporary&&e.retryAfter?ie(e.retryAfter):``;return[le(t.length?t.join(`; `):e.message),n].filter(Boolean).join(` `)}
function le(e){let t=e.trim(),n=/[.!?…]$/u.test(t)?t:`${t}.`;return n.charAt(0).toUpperCase()+n.slice(1)}
function ue(e){return typeof e==`object`&&!!e}
function de(e){return typeof e==`string`&&e!==``?e:null}
var fe=3,
v=new c({defaultOptions:{queries:{staleTime:1e4,refetchOnWindowFocus:!1,retry:(e,t)=>t instanceof g&&t.isTemporary&&e<fe,retryDelay:(e,t)=>pe(e,t)}}})
function pe(e,t){let n=t instanceof g?t.retryAfter:null;return n===null?500*2**e:Math.min(n,30)*1e3}
var me=null,
he=!1
function ge(e){me=e}
function y(e){let t=e;return{get value(){return t},set value(e){Object.is(t,e)||(t=e,be())}}}
var _e=[]
function ve(e){let t=y(e);return _e.push(()=>{t.value=e}),t}
function ye(){for(let e of _e)e()}
function be(){he||(he=!0,queueMicrotask(()=>{he=!1,me?.()}))}
var b=y(null),
xe={admin:[`users`,`audit`,`webhooks`],member:[`users`],superadmin:[`accounts`],account:[],master:[`tenants`,`audit`]}
function x(){return b.value?xe[b.value.standing]:[]}
function Se(e){b.value&&={...b.value,credential:e}}
function Ce(){let e=null;addEventListener(`focusin`,t=>{e=t.target}),new MutationObserver(()=>{e&&!e.isConnected&&document.activeElement===document.body&&[...document.querySelectorAll(`h1, dialog[open] h2`)].at(-1)?.focus()}).observe(document.body,{childList:!0,subtree:!0})}
var S=y(null)
async function we(){let e=await new Promise(e=>{S.value={resolve:e}});return S.value=null,e}
var Te=new class{#e=null;refresh=null;async renew(e,t){let n=b.value?.credential;n&&n.access!==e.access||(this.#e??=this.#t(e,t).finally(()=>{this.#e=null}),await this.#e)}async#t(e,t){let n=(e.refresh&&this.refresh?await this.refresh(e.refresh):null)??await t();if(!n||!b.value)throw new g(401,`SIGNED_OUT`,``);Se(n)}},
Ee=new URL(`.`,document.baseURI).href.replace(/\/$/u,``),
De=p({baseUrl:Ee}),
C=p({baseUrl:Ee,fetch:ke})
function Oe(e){return p({baseUrl:Ee,headers:{Authorization:`Bearer ${e}`}})}
async function w(e){return(await T(e)).data}
async function T(e){let t;try{t=await e}catch(e){throw e instanceof SyntaxError?new g(502,`UNREADABLE`,e.message):ce(e)}if(!t.response.ok)throw se(t.response,t.error);return{data:t.data,etag:t.response.headers.get(`ETag`)}}
async function ke(e){for(;;){let t=await Ae(),n=e.clone();n.headers.set(`Authorization`,`Bearer ${t.access}`);let r=await fetch(n);if(r.status!==401)return r;await Te.renew(t,we)}}
async function Ae(){let e=b.value?.credential;if(!e)throw new g(401,`SIGNED_OUT`,``);return e.expiresAt!==null&&e.expiresAt<=Date.now()?(await Te.renew(e,we),Ae()):e}
var je=3e4
async function Me(e){let t=await ze(e);return{kind:`token`,...t,name:h[t.standing],email:null,userId:null,mustChangePassword:!1,credential:{access:e,refresh:null,expiresAt:null}}}
async function Ne(e,t){let{data:n}=await w(De.POST(`/login`,{body:{email:e,password:t}}));return{kind:`user`,standing:n.user.role===`admin`?`admin`:`member`,name:n.user.email,email:n.user.email,userId:n.user.id,tenantId:n.user.tenant_id,mustChangePassword:!1,credential:Ue(n)}}
async function Pe(e,t){let n=await w(De.POST(`/v1/api/auth/login`,{body:{email:e,password:t}})),r=n.passwordChangeRequired===!0;return{kind:`account`,standing:r?`account`:(await ze(n.accessToken)).standing,name:e,email:e,userId:null,tenantId:null,mustChangePassword:r,credential:We(n)}}
function Fe(e){ye(),v.clear(),Te.refresh=Ve[e.kind],b.value=e}
async function Ie(e,t){await w(C.PUT(`/v1/api/auth/password`,{body:{currentPassword:e,newPassword:t}}));let n=b.value;if(n){let{standing:e}=await ze(n.credential.access);b.value={...n,standing:e,mustChangePassword:!1}}}
async function Le(){let e=b.value;if(b.value=null,ye(),v.clear(),S.value?.resolve(null),!e?.credential.refresh)return;let t=Oe(e.credential.access);await(e.kind===`user`?t.POST(`/logout`,{body:{refresh_token:e.credential.refresh}}):t.POST(`/v1/api/auth/logout`,{body:{refreshToken:e.credential.refresh}})).catch(()=>void 0)}
async function Re(e,t){let n=await{token:()=>Me(t),user:()=>Ne(e.email??``,t),account:()=>Pe(e.email??``,t)}[e.kind]();if(n.userId!==e.userId||e.kind===`token`&&(n.standing!==e.standing||n.tenantId!==e.tenantId))throw new g(403,`SOMEBODY_ELSE`,`This token belongs to somebody else. Sign out first to use it.`);return n}
async function ze(e){let t=Oe(e),n=await Be(w(t.GET(`/users`,{params:{query:{limit:1}}})));return n?{standing:`admin`,tenantId:n.users[0]?.tenant_id??null}:await Be(w(t.GET(`/tenants`,{params:{query:{limit:1}}})))?{standing:`master`,tenantId:null}:await Be(w(t.GET(`/v1/api/superadmin/users`,{params:{query:{limit:1}}})))?{standing:`superadmin`,tenantId:null}:{standing:e.includes(`.`)?`account`:`member`,tenantId:null}}
async function Be(e){try{return await e}catch(e){if(e instanceof g&&e.status===403)return null;throw e}}
var Ve={token:null,user:e=>He(async()=>Ue((await w(De.POST(`/login/refresh`,{body:{refresh_token:e}}))).data)),account:e=>He(async()=>We(await w(De.POST(`/v1/api/auth/refresh`,{body:{refreshToken:e}}))))}
async function He(e){try{return await e()}catch(e){if(e instanceof g&&(e.status===401||e.status===400))return null;throw e}}
function Ue(e){return{access:e.access_token,refresh:e.refresh_token,expiresAt:Ge(e.expires_in)}}
function We(e){return{access:e.accessToken,refresh:e.refreshToken,expiresAt:Ge(e.expiresIn)}}
function Ge(e){return Date.now()+e*1e3-je}
function E(e){let[t,n]=o(!1),[r,i]=o(null),a=f(!1);return{busy:t,error:r,problem:r===null?null:_(r),start:async(...t)=>{if(!a.current){a.current=!0,n(!0),i(null);try{await e(...t)}catch(e){e instanceof g&&e.code===`SIGNED_OUT`||i(e)}finally{a.current=!1,n(!1)}}},forget:()=>i(null)}}
var D=ve(null),
Ke=0
function O(e,t=null){Ke+=1,D.value={number:Ke,text:e,undo:t}}
function qe(){D.value=null}
function Je(){return Ke}
function Ye({after:e=0}){let t=D.value&&D.value.number>e?D.value:null;return i(`div`,{class:t?`notice`:`notice notice-empty`},i(`div`,{role:`status`},t&&i(`span`,{key:t.number},t.text)),t?.undo&&i(Xe,{key:t.number,undo:t.undo}),t&&i(`button`,{type:`button`,class:`quiet icon`,"aria-label":`Dismiss`,onClick:qe},`✕`))}
function Xe({undo:e}){let[t,n]=o(!1);return i(`button`,{type:`button`,"aria-disabled":t,onClick:t?void 0:()=>{n(!0),e()}},`Undo`)}
function k({title:e,onClose:n,wide:r=!1,children:a}){let s=f(null),c=m(),[l]=o(Je);return t(()=>{let e=s.current;return e?.showModal(),(e?.querySelector(`[data-focus]`)??e?.querySelector(`h2`))?.focus(),()=>e?.close()},[]),i(`dialog`,{ref:s,class:r?`wide`:void 0,"aria-labelledby":c,onCancel:e=>{e.preventDefault(),n?.()}},i(`header`,null,i(`h2`,{id:c,tabIndex:-1},e),n&&i(`button`,{type:`button`,class:`quiet icon`,"aria-label":`Close`,onClick:n},`✕`)),a,i(Ye,{after:l}))}
var Ze=e=>`You were signed in as ${e}.`
function A({label:e,hint:t,problem:n,optional:r,onValue:a,...o}){return i($e,{label:e,hint:t,problem:n,optional:r},e=>i(`input`,{type:`text`,...o,...e,onInput:e=>a(e.currentTarget.value)}))}
function j({label:e,hint:t,problem:n,onValue:r,...a}){let[s,c]=o(!1);return i($e,{label:e,hint:t,problem:n},e=>i(`span`,{class:`with-button`},i(`input`,{spellcheck:!1,autocapitalize:`off`,...a,...e,type:s?`text`:`password`,onInput:e=>r(e.currentTarget.value)}),i(`button`,{type:`button`,class:`quiet`,"aria-label":s?`Hide the typed text`:`Show the typed text`,onClick:()=>c(!s)},s?`Hide`:`Show`)))}
function Qe({email:e}){return i(`input`,{type:`text`,autocomplete:`username`,value:e??``,readOnly:!0,hidden:!0})}
function M({label:e,hint:t,problem:n,optional:r,options:a,value:o,onValue:s,...c}){return i($e,{label:e,hint:t,problem:n,optional:r},e=>i(`select`,{...c,...e,value:o,onChange:e=>s(e.currentTarget.value)},a.map(([e,t])=>i(`option`,{key:e,value:e},t))))}
function $e({label:e,hint:t,problem:r,optional:a=!1,children:o}){let s=m();n(()=>{r&&document.getElementById(s)?.focus()},[r]);let c=[t&&`${s}-hint`,r&&`${s}-problem`].filter(Boolean).join(` `);return i(`div`,{class:`field`},i(`label`,{for:s},e),a&&i(`span`,{class:`optional`},` `,`optional`),o({id:s,"aria-describedby":c||void 0,"aria-invalid":r?!0:void 0}),t&&i(`p`,{class:`hint`,id:`${s}-hint`},t),r&&i(`p`,{class:`problem`,id:`${s}-problem`},r))}
var et=new Intl.DateTimeFormat(`en`,{dateStyle:`medium`,timeStyle:`short`,hourCycle:`h23`})
function N(e){let t=new Date(e);return Number.isNaN(t.getTime())?e:et.format(t)}
function P({children:e}){let t=typeof e==`string`?e.lastIndexOf(`@`):-1;return typeof e!=`string`||t<0?i(`bdi`,null,e):i(`bdi`,null,e.slice(0,t),i(`wbr`,null),e.slice(t))}
function F({at:e}){return e?i(`time`,{dateTime:e,title:e},N(e)):i(`span`,{class:`muted`},`never`)}
function I({children:e}){return i(`p`,{class:`problem`,role:`alert`},e)}
function L({tone:e=`plain`,children:t}){return i(`span`,{class:`badge ${e}`},t)}
function tt({label:e,secret:t}){let[n,r]=o(`copy`);return i(`div`,{class:`field`},i(`span`,{class:`label`},e),i(`span`,{class:`with-button`},i(`output`,{class:`secret`},t),i(`button`,{type:`button`,class:`primary`,"data-focus":!0,onClick:async()=>{try{await navigator.clipboard.writeText(t),r(`copied`)}catch{r(`failed`)}}},oe[n])),i(`p`,{class:`hint`},`It is shown only now. Keep it in a safe place.`),i(`span`,{class:`unseen`,"aria-live":`polite`},n===`copied`&&oe.copied))}
var nt=y(`system`)
function rt(e){nt.value=e,document.documentElement.dataset.theme=e}
function it(){return i(`span`,{class:`mark`},i(`svg`,{viewBox:`0 0 32 32`,"aria-hidden":`true`},i(`rect`,{width:`32`,height:`32`,rx:`8`}),i(`path`,{class:`lines`,d:`M8 9.5h10M8 16h7M8 22.5h5`}),i(`path`,{class:`tick`,d:`m17.5 20.5 3 3 5.5-7`})),`Rolecall`)}
function at(){return i(`select`,{class:`quiet`,"aria-label":`Theme`,value:nt.value,onChange:e=>rt(e.currentTarget.value)},[`system`,`light`,`dark`].map(e=>i(`option`,{key:e,value:e},ne[e])))}
function ot(){let e=lt((e,t)=>Ie(e,t));return i(`main`,{class:`sign-in`},i(`header`,null,i(it,null),i(`h1`,{tabIndex:-1},`Choose a new password`),i(`p`,null,`You signed in with a temporary password. Choose your own to go on.`)),i(`form`,{class:`card`,onSubmit:e.submit},i(ut,{change:e}),i(`footer`,null,i(`button`,{type:`button`,onClick:()=>void Le()},`Sign out`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e.busy},`Save and go on`))))}
function st({onClose:e}){let t=lt(async(t,n)=>{await ct(t,n),e(),O(`Your password is changed.`)});return i(k,{title:`Change your password`,onClose:e},i(`form`,{onSubmit:t.submit},i(`p`,null,`Your other sessions end. This one goes on.`),i(ut,{change:t}),i(`footer`,null,i(`button`,{type:`button`,onClick:e},`Cancel`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":t.busy},`Change password`))))}
async function ct(e,t){let{userId:n}=b.value??{};n?await w(C.PUT(`/users/{id}/password`,{params:{path:{id:n}},body:{current_password:e,new_password:t}})):await w(C.PUT(`/v1/api/auth/password`,{body:{currentPassword:e,newPassword:t}}))}
function lt(e){let[t,n]=o(``),[r,i]=o(``),[a,s]=o(``),[c,l]=o(!1),u=E(e);return{current:t,setCurrent:n,chosen:r,setChosen:i,repeated:a,setRepeated:s,differs:c,submit:e=>{e.preventDefault(),l(r!==a),r===a&&u.start(t,r)},...u}}
function ut({change:e}){return i(s,null,i(Qe,{email:b.value?.email}),i(j,{label:`Current password`,autocomplete:`current-password`,required:!0,"data-focus":!0,value:e.current,onValue:e.setCurrent}),i(j,{label:`New password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:e.chosen,onValue:e.setChosen}),i(j,{label:`Repeat the new password`,autocomplete:`new-password`,required:!0,problem:e.differs?`The two new passwords differ.`:null,value:e.repeated,onValue:e.setRepeated}),e.problem&&i(I,null,e.problem))}
function dt(){return i(`main`,{class:`sign-in`},i(`header`,null,i(it,null),i(`h1`,{tabIndex:-1},`Sign in`),i(`p`,null,`Administer the users, accounts and tenants of this installation.`)),i(`div`,{class:`groups`},i(ft,{title:`Tenant user`,hint:`For a person who belongs to a tenant.`,logIn:Ne}),i(ft,{title:`Platform account`,hint:`For the people who run the platform.`,logIn:Pe}),i(pt,null)),i(`footer`,null,i(`p`,null,`Nothing is stored: a reload of this page signs you out.`),i(at,null)))}
function ft({title:e,hint:t,logIn:n}){let[r,a]=o(``),[s,c]=o(``);return i(mt,{title:e,hint:t,logIn:()=>n(r.trim(),s)},i(A,{label:`Email`,type:`email`,autocomplete:`username`,required:!0,value:r,onValue:a}),i(j,{label:`Password`,autocomplete:`current-password`,required:!0,value:s,onValue:c}))}
function pt(){let[e,t]=o(``);return i(mt,{title:`With a token`,hint:`The page finds out what the token allows.`,logIn:()=>Me(e.trim())},i(j,{label:`API token or master token`,autocomplete:`off`,required:!0,value:e,onValue:t}))}
function mt({title:e,hint:t,logIn:n,children:r}){let a=E(async()=>Fe(await n()));return i(`form`,{onSubmit:e=>{e.preventDefault(),a.start()}},i(`fieldset`,null,i(`legend`,null,e),i(`p`,{class:`hint`},t),r,a.problem&&i(I,null,ht(a.error)?`These credentials are not accepted.`:a.problem),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":a.busy},`Sign in`),i(`span`,{class:`unseen`,"aria-live":`polite`},a.busy&&`Signing in…`)))}
function ht(e){return e instanceof g&&e.status===401}
function gt(){let e=b.value;return S.value&&e?i(_t,{key:e.name}):null}
function _t(){let[e,t]=o(``),n=b.value?.kind===`token`,r=E(async()=>{let t=b.value;if(t){let r=await Re(t,n?e.trim():e);b.value={...t,standing:r.standing},S.value?.resolve(r.credential)}});return i(k,{title:`Your session has ended`},i(`form`,{onSubmit:e=>{e.preventDefault(),r.start()}},i(`p`,null,i(P,null,Ze(b.value?.name??``)),` `,`Sign in again to go on. What you typed is still there.`),!n&&i(Qe,{email:b.value?.email}),i(j,{label:n?`API token or master token`:`Password`,autocomplete:n?`off`:`current-password`,required:!0,"data-focus":!0,value:e,onValue:t}),r.problem&&i(I,null,ht(r.error)?`These credentials are not accepted.`:r.problem),i(`footer`,null,i(`button`,{type:`button`,onClick:()=>void Le()},`Sign out instead`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":r.busy},`Go on`))))}
function vt(e){let[t=``,n=``]=e.replace(/^#?\/?/u,``).split(`?`,2),[r=``,...i]=t.split(`/`).map(yt);return{screen:r,rest:i,query:Object.fromEntries(new URLSearchParams(n))}}
function R(e,t={}){let n=Object.entries(t).filter(e=>!!e[1]),r=new URLSearchParams(n).toString();return`#/${e.map(encodeURIComponent).join(`/`)}${r&&`?${r}`}`}
function yt(e){try{return decodeURIComponent(e)}catch{return e}}
var z=y(vt(location.hash))
addEventListener(`hashchange`,()=>{z.value=vt(location.hash)})
function B(e,t={}){location.hash=R(e,t)}
function bt(e,t){let n=R(e,t);history.replaceState(null,``,n),z.value=vt(n)}
function V(e){let{screen:t,rest:n,query:r}=z.value;bt([t,...n],{...r,...e})}
var xt=e=>e===1?`1 result`:`${e} results`,
St=e=>`Audit of tenant ${e}`,
Ct=e=>`Go to ${e}`,
wt={system:`Use the theme of the system`,light:`Use the light theme`,dark:`Use the dark theme`},
Tt=e=>`Go to ${e}`,
H=ve(null),
Et=y(!0),
Dt={users:{label:`Create a user`,act:`create`},accounts:{label:`Create an account`,act:`create`},tenants:{label:`Register a tenant`,act:`register`},webhooks:{label:`Add a webhook`,act:`create`}}
function Ot(e){let t=kt(e);t&&x().includes(e)&&B([e],{do:t.act})}
function kt(e){return b.value?.standing===`member`?void 0:Dt[e]}
function At(){let e=(e,t,n)=>({id:e,kind:`Act`,label:t,run:n});return[...x().map(e=>({id:`screen-${e}`,kind:`Screen`,label:Ct(ee[e]),run:()=>B([e])})),...x().flatMap(t=>{let n=kt(t);return n?[e(`create-${t}`,n.label,()=>Ot(t))]:[]}),...[`light`,`dark`,`system`].map(t=>e(`theme-${t}`,wt[t],()=>rt(t))),e(`shortcuts`,`Keyboard shortcuts`,()=>{H.value=`shortcuts`}),e(`sign-out`,`Sign out`,()=>void Le())]}
function jt(e,t){let n=t.toLowerCase().split(/\s+/u).filter(Boolean);return e.filter(({label:e})=>n.every(t=>e.toLowerCase().includes(t)))}
var Mt={users:`u`,accounts:`c`,tenants:`t`,audit:`a`,webhooks:`w`},
Nt={"?":`shortcuts`,"/":`search`,n:`create`,g:`wait`}
function Pt({key:e,ctrl:t,alt:n,typing:r,afterG:i,singleKeys:a}){if(t&&!n&&e.toLowerCase()===`k`)return{act:`palette`};if(t||n||r||!a)return null;let o=Object.keys(Mt).find(t=>Mt[t]===e);if(i)return o?{act:`screen`,screen:o}:null;let s=Nt[e];return s?{act:s}:null}
function U(e){return It(()=>new a(v,e),e)}
function Ft(e){let t={...e,initialPageParam:``};return It(()=>new d(v,t),t)}
function It(t,i){let[a]=o(t),[,s]=r(e=>e+1,0),c=v.defaultQueryOptions({...i,_optimisticResults:`optimistic`}),l=a.getOptimisticResult(c);return n(()=>{let t=a.subscribe(e.batchCalls(()=>s(void 0)));return a.updateResult(),t},[a]),n(()=>a.setOptions(c)),a.trackResult(l)}
var Lt=8,
Rt=/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu
async function zt(e,t){switch(b.value?.standing){case`admin`:return Rt.test(e)?Vt(e,t):Bt(e,t);case`member`:return Rt.test(e)?Vt(e,t):[];case`superadmin`:return/^[1-9]\d{0,9}$/u.test(e)?Ut(Number(e),t):Ht(e,t);case`master`:return Rt.test(e)?[Gt(e)]:Wt(e,t);default:return[]}}
async function Bt(e,t){let{users:n}=await w(C.GET(`/users`,{params:{query:{email:e,limit:Lt}},signal:t}));return n.map(Kt)}
function Vt(e,t){return Jt(async()=>{let{data:n}=await w(C.GET(`/users/{id}`,{params:{path:{id:e}},signal:t}));return[Kt(n)]})}
async function Ht(e,t){let n={email:e,limit:Lt},{users:r}=await w(C.GET(`/v1/api/superadmin/users`,{params:{query:n},signal:t}));return r.map(qt)}
function Ut(e,t){return Jt(async()=>[qt(await w(C.GET(`/v1/api/superadmin/users/{id}`,{params:{path:{id:e}},signal:t})))])}
async function Wt(e,t){let{tenants:n}=await w(C.GET(`/tenants`,{params:{query:{name:e,limit:Lt}},signal:t}));return n.map(e=>({id:e.id,kind:`Tenant`,label:e.name,run:()=>B([`tenants`],{name:e.name})}))}
function Gt(e){return{id:e,kind:`Tenant`,label:St(e),run:()=>B([`audit`],{tenant:e})}}
function Kt({id:e,email:t}){return{id:e,kind:`User`,label:t,run:()=>B([`users`],{person:e})}}
function qt({id:e,email:t}){return{id:String(e),kind:`Account`,label:t,run:()=>B([`accounts`],{email:t})}}
async function Jt(e){try{return await e()}catch(e){if(e instanceof g&&e.status===404)return[];throw e}}
var Yt=200,
Xt=2
function Zt(){let[e,t]=o(``),[r,a]=o(0),s=m(),c=Qt(e.trim()),l=[...c.commands,...jt(At(),e)],u=Math.min(r,l.length-1),d=e=>`${s}-${e}`;return n(()=>{document.getElementById(d(u))?.scrollIntoView({block:`nearest`})},[u]),i(k,{title:`Search and commands`,onClose:en},i(`div`,{class:`body palette`},i(`input`,{type:`text`,role:`combobox`,"aria-label":`Search for a person, a tenant or a command`,placeholder:`Search for a person, a tenant or a command`,"aria-expanded":l.length>0,"aria-controls":s,"aria-activedescendant":l.length?d(u):void 0,"aria-autocomplete":`list`,autocomplete:`off`,spellcheck:!1,"data-focus":!0,value:e,onInput:e=>{t(e.currentTarget.value),a(0)},onKeyDown:e=>{let t={ArrowDown:1,ArrowUp:-1}[e.key];t&&l.length?(e.preventDefault(),a((u+t+l.length)%l.length)):e.key===`Enter`&&(e.preventDefault(),$t(l[u]))}}),c.error!==null&&i(I,null,_(c.error)),i(`ul`,{id:s,role:`listbox`,"aria-label":`Results`},l.map((e,t)=>i(`li`,{key:e.id,id:d(t),role:`option`,"aria-selected":t===u,onClick:()=>$t(e),onPointerMove:()=>a(t)},i(P,null,e.label),i(`span`,{class:`muted`},e.kind)))),i(`p`,{class:l.length?`unseen`:`muted`,role:`status`},c.isFetching?`Searching…`:l.length?xt(l.length):`Nothing found.`)))}
function Qt(e){let[t,r]=o(e);n(()=>{let t=setTimeout(()=>r(e),Yt);return()=>clearTimeout(t)},[e]);let i=t.length>=Xt&&e.length>=Xt,a=U({queryKey:[`palette`,t],queryFn:({signal:e})=>zt(t,e),enabled:i,placeholderData:l});return{commands:i&&a.data||[],error:i?a.error:null,isFetching:a.isFetching}}
function $t(e){e&&(en(),e.run())}
function en(){H.value=null}
var tn=1500
function nn(){return n(()=>{let e=-1500,t=t=>{let n=Pt({key:t.key,ctrl:t.ctrlKey||t.metaKey,alt:t.altKey,typing:rn(t.target),afterG:t.timeStamp-e<tn,singleKeys:Et.value});e=n?.act===`wait`?t.timeStamp:-1500,n&&!document.querySelector(`dialog[open]`)&&(t.preventDefault(),an(n))};return addEventListener(`keydown`,t),()=>removeEventListener(`keydown`,t)},[]),H.value===`palette`?i(Zt,null):H.value===`shortcuts`?i(on,null):null}
function rn(e){return e instanceof HTMLElement&&e.matches(`input:not([type='checkbox'], [type='radio']), select, textarea`)}
function an(e){switch(e.act){case`palette`:case`shortcuts`:H.value=e.act;break;case`search`:document.querySelector(`main input[type='search']`)?.focus();break;case`create`:Ot(z.value.screen||x()[0]);break;case`screen`:x().includes(e.screen)&&B([e.screen])}}
function on(){let e=[[[`Ctrl`,`K`],`Search and commands`],[[`/`],`Go to the search field`],[[`n`],`Create or register`],...x().map(e=>[[`g`,Mt[e]],Tt(ee[e])]),[[`?`],`Show these shortcuts`],[[`Esc`],`Close a dialog`]];return i(k,{title:`Keyboard shortcuts`,onClose:sn},i(`div`,{class:`body`},i(`dl`,{class:`fact-list`},e.map(([e,t])=>i(`div`,{class:`fact`,key:t},i(`dt`,null,e.map((t,n)=>i(s,{key:t},n>0&&(e[0]===`g`?` then `:` + `),i(`kbd`,null,t)))),i(`dd`,null,t)))),i(`label`,{class:`choice`},i(`input`,{type:`checkbox`,checked:Et.value,onChange:e=>{Et.value=e.currentTarget.checked}}),i(`span`,null,`Shortcuts of one key`,i(`span`,{class:`hint`},`Turn them off if you dictate, or if keys get pressed by mistake.`))),i(`footer`,null,i(`button`,{type:`button`,onClick:sn},`Close`))))}
function sn(){H.value=null}
var cn=300
function W({label:e,name:t,placeholder:r}){let a=z.value.query[t]??``,[s,c]=o(a),l=f(void 0),u=f(a);n(()=>{a!==u.current&&(u.current=a,c(a))},[a]),n(()=>()=>clearTimeout(l.current),[]);let d=e=>{clearTimeout(l.current),u.current=e.trim(),V({[t]:e.trim()})},p=e=>{c(e),clearTimeout(l.current),l.current=setTimeout(()=>d(e),cn)};return i(`label`,{class:`filter search`},i(`span`,null,e),i(`input`,{type:`search`,value:s,placeholder:r,spellcheck:!1,autocapitalize:`off`,onInput:e=>p(e.currentTarget.value),onKeyDown:e=>e.key===`Enter`&&d(e.currentTarget.value)}))}
function G({label:e,name:t,options:n}){return i(`label`,{class:`filter`},i(`span`,null,e),i(`select`,{value:z.value.query[t]??``,onChange:e=>V({[t]:e.currentTarget.value})},n.map(([e,t])=>i(`option`,{key:e,value:e},t))))}
function ln({label:e,name:t}){return i(`label`,{class:`filter`},i(`span`,null,e),i(`input`,{type:`date`,value:z.value.query[t]??``,onChange:e=>V({[t]:e.currentTarget.value})}))}
function un(e){let[t,n]=o({filters:e,cursors:[]}),r=t.filters===e?t.cursors:[];return{cursor:r.at(-1),number:r.length,next:t=>n({filters:e,cursors:[...r,t]}),previous:()=>n({filters:e,cursors:r.slice(0,-1)})}}
function dn({pages:e,label:t,size:n,count:r,nextCursor:a,loading:o=!1}){let s=e.number*n+1,c=ae(s,s+r-1);return i(`nav`,{class:`pager`,"aria-label":t},i(`span`,{"aria-live":`polite`},!o&&(r?`${t} ${c}, ${a?`more follow`:`no more follow`}`:`Nothing found`)),i(`button`,{type:`button`,"aria-disabled":!e.number,onClick:()=>e.number&&e.previous()},`Previous page`),i(`button`,{type:`button`,"aria-disabled":!a,onClick:()=>a&&e.next(a)},`Next page`))}
var fn=e=>`Role of ${e}`,
pn=e=>`Details of ${e}`,
mn=e=>`History of ${e}`,
hn=(e,t)=>`until ${N(e)}, then ${t}`,
gn=(e,t)=>`Somebody changed this account meanwhile. You saw ${e}. Now it is ${t}. Nothing was overwritten.`,
_n=e=>`Change the role of ${e}?`,
vn=(e,t)=>`From ${e} to ${t}.`,
yn=(e,t)=>`${e} is now ${t}.`,
bn=(e,t)=>`Undone: ${e} is ${t} again.`,
xn=(e,t)=>`The change of ${e} was not undone. ${t}`,
Sn={ban:{open:`Ban`,title:e=>`Ban ${e}?`,intro:`Every session of the account ends for good. It can't sign in until it is unbanned.`,done:e=>`${e} is banned.`},unban:{open:`Unban`,title:e=>`Unban ${e}?`,intro:`The account can sign in again. Its former sessions stay ended.`,done:e=>`${e} is no longer banned.`},enable:{open:`Enable`,title:e=>`Enable ${e}?`,intro:`The account can sign in again. Its former sessions stay ended.`,done:e=>`${e} is enabled.`},disable:{open:`Disable`,title:e=>`Disable ${e}?`,intro:`Every session of the account ends for good. It can't sign in until it is enabled.`,done:e=>`${e} is disabled.`}},
Cn={open:`Reset password`,title:e=>`Reset the password of ${e}?`,intro:`The account gets a temporary password and every session of it ends. It must choose a password of its own first.`,secret:`Temporary password`},
wn=e=>`${e} is created.`,
K=[`user`,`manager`,`admin`],
q={end:``,date:``,reason:``},
Tn=36e5
function En({end:e,date:t},n){switch(e){case`hour`:return Dn(new Date(n.getTime()+Tn));case`today`:return Dn(new Date(n.getFullYear(),n.getMonth(),n.getDate()+1));case`week`:return Dn(new Date(n.getTime()+168*Tn));case`date`:return t?Dn(new Date(t)):void 0;case``:return}}
function Dn(e){return Number.isNaN(e.getTime())?void 0:e.toISOString().replace(/\.\d+Z$/u,`Z`)}
function On(e,t){return e.role===t.role&&e.active===t.active&&(e.lasting_role??e.role)===(t.lasting_role??t.role)&&(e.role_until??null)===(t.role_until??null)}
var kn=9e4
function An(e,t,n){let r=e.lasting_role??e.role,i=e.role_until;if(!i||new Date(i).getTime()-n.getTime()<kn)return[{new_role:r}];let a={new_role:e.role,until:i};return t.until===void 0?[{new_role:r},a]:[a]}
var jn=[`ROLE_CLIENT`,`ROLE_VERIFIED_USER`,`ROLE_ADMIN`,`ROLE_SUPERADMIN`]
function J(e){return e.roles[0]??`ROLE_CLIENT`}
function Y(e){return te[e]??e}
function Mn(e){let t=[e.banned&&`banned`,!e.enabled&&`disabled`];return[Y(J(e)),...t].filter(Boolean).join(`, `)}
async function Nn(e,t,n){let r=En(n,new Date),i=await zn(e,i=>Fn(e.id,i,t,n.reason.trim(),r));O(yn(e.email,Y(t)),()=>Pn(e,i)),await X()}
async function Pn(e,t){let n=e.lastingRole??J(e);try{let r=await Fn(e.id,t,n,`undone in the console`,void 0);e.lastingRole&&e.roleUntil&&await Fn(e.id,r,J(e),`undone in the console`,e.roleUntil),O(bn(e.email,Y(J(e))))}catch(t){O(xn(e.email,_(t)))}await X()}
async function Fn(e,t,n,r,i){return(await T(C.PUT(`/v1/api/superadmin/users/{id}/role`,{params:{path:{id:e},header:Hn(t)},body:{newRole:n,...i&&{until:i},...r&&{reason:r}}}))).etag}
async function In(e,t,n){await zn(e,r=>T(C.PUT(`/v1/api/superadmin/users/{id}/${t}`,{params:{path:{id:e.id},header:Hn(r)},body:{reason:n}}))),O(Sn[t].done(e.email)),await X()}
async function Ln(e){let{temporaryPassword:t}=await w(C.POST(`/v1/api/superadmin/users/{id}/password`,{params:{path:{id:e.id}}}));return t}
async function Rn(e,t){O(wn((await w(C.POST(`/v1/api/superadmin/users`,{params:{header:{"Idempotency-Key":t}},body:e}))).email)),await X()}
async function zn(e,t){let n=await Vn(e.id);Bn(e,n.data);try{return await t(n.etag)}catch(t){throw t instanceof g&&t.status===412&&Bn(e,(await Vn(e.id)).data,!0),t}}
function Bn(e,t,n=!1){if(n||Mn(e)!==Mn(t)||e.roleUntil!==t.roleUntil)throw X(),new g(412,`CHANGED_MEANWHILE`,gn(Mn(e),Mn(t)))}
function Vn(e){return T(C.GET(`/v1/api/superadmin/users/{id}`,{params:{path:{id:e}}}))}
function Hn(e){return e===null?{}:{"If-Match":e}}
function X(){return v.invalidateQueries({queryKey:[`accounts`]})}
function Z({title:e,text:t,submit:n,danger:r,act:a,onSubmit:o,onClose:s,refusal:c,children:l}){return i(k,{title:e,onClose:s},i(`form`,{onSubmit:e=>{e.preventDefault(),o()}},t&&i(`p`,null,t),l,c??(a.problem&&i(I,null,a.problem)),i(`footer`,null,i(`button`,{type:`button`,"data-focus":!0,onClick:s},`Cancel`),i(`button`,{type:`submit`,class:r?`primary danger`:`primary`,"aria-disabled":a.busy},n))))}
function Q({title:e,label:t,secret:n,onClose:r}){return i(k,{key:`secret`,title:e},i(`div`,{class:`body`},i(tt,{label:t,secret:n}),i(`footer`,null,i(`button`,{type:`button`,onClick:r},`Done`))))}
function Un(e){let t=JSON.stringify(e),[n,r]=o(()=>({content:t,key:crypto.randomUUID()}));if(n.content===t)return n.key;let i={content:t,key:crypto.randomUUID()};return r(i),i.key}
function Wn({onClose:e}){let[t,n]=o(``),[r,a]=o(``),[s,c]=o(``),[l,u]=o(``),[d,f]=o(`ROLE_CLIENT`),p={email:t.trim(),password:r,firstName:s.trim(),lastName:l.trim(),role:d},m=Un(p),h=E(async()=>{await Rn(p,m),e()});return i(Z,{title:`Create an account`,submit:`Create`,act:h,onSubmit:()=>void h.start(),onClose:e},i(A,{label:`Email`,type:`email`,autocomplete:`off`,required:!0,"data-focus":!0,value:t,onValue:n}),i(A,{label:`First name`,autocomplete:`off`,required:!0,value:s,onValue:c}),i(A,{label:`Last name`,autocomplete:`off`,required:!0,value:l,onValue:u}),i(j,{label:`Password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:r,onValue:a}),i(M,{label:`Role`,options:jn.map(e=>[e,Y(e)]),value:d,onValue:e=>f(e)}))}
var Gn=e=>e?` until ${N(e)}`:``,
Kn=e=>`Role of ${e}`,
qn=(e,t)=>`until ${N(e)}, then ${t}`,
Jn=e=>`${e.role}${Gn(e.role_until)}${e.active?``:`, inactive`}`,
Yn=(e,t)=>[e,t&&`“${t}”`].filter(Boolean).join(`, `),
Xn={"":`No end`,hour:`In an hour`,today:`At the end of today`,week:`In a week`,date:`On a date`},
Zn=(e,t,n)=>t===n.new_role?`${e} stays ${n.new_role}${Gn(n.until)}.`:`${e} is now ${n.new_role}${Gn(n.until)}, was ${t}.`,
Qn=(e,t)=>`Undone: ${e} is ${t} again.`,
$n=(e,t)=>`${e} is now ${t?`active`:`inactive`}.`,
er=e=>`${e} is deleted.`,
tr=e=>`${e} is created.`,
nr=e=>`The password of ${e} is set. Their sessions have ended.`,
rr=(e,t)=>`The change of ${e} was not undone. ${t}`,
ir=(e,t)=>`Somebody changed this meanwhile. You saw ${e}. Now it is ${t}. Nothing was overwritten.`,
ar=e=>`Change to ${e} anyway`,
or={title:e=>`Deactivate ${e}?`,text:`Their token and sessions stop at once. You can activate the user again.`,submit:`Deactivate`},
sr={title:e=>`Activate ${e}?`,text:`Their API token works again. They sign in anew for a session.`,submit:`Activate`},
cr={title:e=>`Delete ${e}?`,text:`The user, their devices, sessions and token are removed for good. This cannot be undone.`,submit:`Delete for good`},
lr={title:e=>`A new API token for ${e}?`,text:`The present token stops at once.`,submit:`Make a new token`,token:`New API token`,doneTitle:e=>`New API token of ${e}`},
ur={title:e=>`Set the password of ${e}`,text:`All their sessions end. Tell them the password in a safe way.`,submit:`Set password`},
dr=e=>`${e} is created`,
fr=e=>`Select ${e}`,
pr=e=>e===1?`1 user selected`:`${e} users selected`,
mr=e=>`Reading what matches: ${e} so far`,
hr=Object.entries(Xn)
function gr({terms:e,onTerms:t}){return i(`div`,{class:`terms`},i(M,{label:`End`,options:hr,value:e.end,onValue:n=>t({...e,end:n})}),e.end===`date`&&i(A,{label:`Date and time`,type:`datetime-local`,required:!0,value:e.date,onValue:n=>t({...e,date:n})}),i(_r,{reason:e.reason,onReason:n=>t({...e,reason:n})}))}
function _r({reason:e,onReason:t}){return i(A,{label:`Reason`,optional:!0,maxLength:500,value:e,onValue:t})}
function vr({terms:e,onTerms:t}){let n=Yn(e.end&&Xn[e.end],e.reason.trim());return i(`details`,{class:`terms-of-list`},i(`summary`,null,`End and reason of changes in this list`,`: `,i(`span`,{class:n?`set`:`muted`},n||`none`)),i(gr,{terms:e,onTerms:t}))}
function yr({account:e,onClose:t}){let[n,r]=o(null);if(n===`password`)return i(Cr,{account:e,onClose:t});if(n)return i(xr,{account:e,act:n,onClose:t});let a=b.value?.email?.toLowerCase()===e.email.toLowerCase(),c=[e.banned?`unban`:`ban`,e.enabled?`disable`:`enable`];return i(k,{title:e.email,onClose:t},i(`div`,{class:`body`},i(br,{account:e}),i(`footer`,null,!a&&i(s,null,i(`button`,{type:`button`,onClick:()=>r(`password`)},Cn.open),c.map(e=>i(`button`,{type:`button`,key:e,class:Sr(e)?`danger`:void 0,onClick:()=>r(e)},Sn[e].open))),i(`button`,{type:`button`,onClick:t},`Done`))))}
function br({account:e}){return i(`dl`,{class:`fact-list`},i(`dt`,null,`Name`),i(`dd`,null,i(P,null,`${e.firstName} ${e.lastName}`)),i(`dt`,null,`Id`),i(`dd`,{class:`mono`},e.id),i(`dt`,null,`Role`),i(`dd`,null,Y(J(e)),` `,e.roleUntil&&e.lastingRole&&hn(e.roleUntil,Y(e.lastingRole))),i(`dt`,null,`State`),i(`dd`,null,i(Nr,{account:e})),e.banned&&i(s,null,i(`dt`,null,`Reason of the ban`),i(`dd`,null,i(P,null,e.banReason)),i(`dt`,null,`Banned`),i(`dd`,null,i(F,{at:e.bannedAt}))),i(`dt`,null,`Identity check`),i(`dd`,null,e.kycStatus.toLowerCase()),i(`dt`,null,`Last login`),i(`dd`,null,i(F,{at:e.lastLoginAt})),i(`dt`,null,`Created`),i(`dd`,null,i(F,{at:e.createdAt})))}
function xr({account:e,act:t,onClose:n}){let r=Sn[t],[a,s]=o(``),c=E(async()=>{await In(e,t,a.trim()),n()});return i(Z,{title:r.title(e.email),text:r.intro,submit:r.open,danger:Sr(t),act:c,onSubmit:()=>void c.start(),onClose:n},i(A,{label:`Reason`,required:!0,maxLength:500,autocomplete:`off`,"data-focus":!0,value:a,onValue:s}))}
function Sr(e){return e===`ban`||e===`disable`}
function Cr({account:e,onClose:t}){let[n,r]=o(null),a=E(async()=>r(await Ln(e))),s=Cn;return n===null?i(Z,{title:s.title(e.email),text:s.intro,submit:s.open,danger:!0,act:a,onSubmit:()=>void a.start(),onClose:t}):i(Q,{title:e.email,label:s.secret,secret:n,onClose:t})}
var wr=25
function Tr({account:e,onClose:t}){let n=Ft({queryKey:[`account-history`,e.id],queryFn:({pageParam:t,signal:n})=>Dr(e.id,t,n),getNextPageParam:e=>e.nextCursor,staleTime:0}),r=n.data?.pages.flatMap(e=>e.entries);return i(k,{title:mn(e.email),onClose:t,wide:!0},i(`div`,{class:`body`},n.error&&i(I,null,_(n.error)),!r&&!n.error&&i(`p`,{class:`muted`},`Loading…`),r?.length===0&&i(`p`,{class:`muted`},`Nothing has been done to this account yet.`),i(`ol`,{class:`timeline`},r?.map(e=>i(Er,{key:e.id,entry:e}))),i(`footer`,null,n.hasNextPage&&i(`button`,{type:`button`,"aria-disabled":n.isFetching,onClick:()=>void n.fetchNextPage()},`Show older`),i(`button`,{type:`button`,onClick:t},`Done`))))}
function Er({entry:e}){return i(`li`,null,i(F,{at:e.actionTimestamp}),i(`div`,null,i(`strong`,null,e.actionDescription),` `,e.status===`DENIED`&&i(L,{tone:`bad`},`refused`),` `,i(`span`,{class:`muted`},`by`,` `,i(P,null,e.adminEmail??e.adminName))),i(`p`,null,i(P,null,e.description)))}
async function Dr(e,t,n){let r=null,{data:i}=await T(C.GET(`/v1/api/superadmin/users/{id}/history`,{params:{path:{id:e},query:{limit:wr,...t&&{cursor:t}}},signal:n}).then(e=>(r=e.response.headers.get(`Link`),e)));return{entries:i,nextCursor:Or(r)}}
function Or(e){return/[?&]cursor=([^&>]+)/u.exec(e??``)?.[1]}
function kr({account:e,role:t,onClose:n}){let[r,a]=o(q),s=E(async()=>{await Nn(e,t,r),n()});return i(Z,{title:_n(e.email),text:vn(Y(J(e)),Y(t)),submit:`Change role`,act:s,onSubmit:()=>void s.start(),onClose:n},i(gr,{terms:r,onTerms:a}))}
var Ar=50
function jr(){let[e,t]=o(null),n=Pr(),r=un(JSON.stringify(n)),a=U({queryKey:[`accounts`,n,r.cursor],queryFn:({signal:e})=>w(C.GET(`/v1/api/superadmin/users`,{params:{query:{...n,limit:Ar,...r.cursor&&{cursor:r.cursor}}},signal:e})),placeholderData:l}),c=()=>t(null),u=[[``,`Any`],[`true`,`yes`],[`false`,`no`]];return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Accounts`),i(`button`,{type:`button`,class:`primary`,onClick:()=>V({do:`create`})},`Create account`)),i(`div`,{class:`filters`},i(W,{label:`Search by email`,name:`email`}),i(G,{label:`Role`,name:`role`,options:[[``,`Any role`],...jn.map(e=>[e,Y(e)])]}),i(G,{label:`Enabled`,name:`enabled`,options:u}),i(G,{label:`Banned`,name:`banned`,options:u})),a.error&&i(I,null,_(a.error)),i(`div`,{class:`table-frame`,"aria-busy":a.isFetching},i(`table`,{class:`stacked`},i(`thead`,null,i(`tr`,null,i(`th`,{scope:`col`},`Email`),i(`th`,{scope:`col`},`Name`),i(`th`,{scope:`col`},`Role`),i(`th`,{scope:`col`},`State`),i(`th`,{scope:`col`},`Last login`),i(`th`,{scope:`col`},i(`span`,{class:`unseen`},`Acts`)))),i(`tbody`,null,a.data?.users.map(e=>i(Mr,{key:e.id,account:e,open:t})))),a.data?.users.length===0&&i(`p`,{class:`empty`},`No account fits these filters.`)),i(dn,{pages:r,label:`Accounts`,size:Ar,count:a.data?.users.length??0,nextCursor:a.data?.nextCursor}),e?.what===`account`&&i(yr,{account:e.account,onClose:c}),e?.what===`history`&&i(Tr,{account:e.account,onClose:c}),e?.what===`role`&&i(kr,{account:e.account,role:e.role,onClose:c}),z.value.query.do===`create`&&i(Wn,{onClose:()=>V({do:null})}))}
function Mr({account:e,open:t}){let{email:n}=e,r=b.value?.email?.toLowerCase()===n.toLowerCase(),a=J(e);return i(`tr`,null,i(`th`,{scope:`row`},i(`button`,{type:`button`,class:`link`,title:pn(n),onClick:()=>t({what:`account`,account:e})},i(P,null,n)),` `,r&&i(L,null,`you`)),i(`td`,{"data-label":`Name`},i(P,null,`${e.firstName} ${e.lastName}`)),i(`td`,{"data-label":`Role`},i(`select`,{"aria-label":fn(n),disabled:r,value:a,onChange:n=>{let r=n.currentTarget.value;n.currentTarget.value=a,t({what:`role`,account:e,role:r})}},jn.map(e=>i(`option`,{key:e,value:e},Y(e)))),e.roleUntil&&e.lastingRole&&i(`div`,{class:`muted`},hn(e.roleUntil,Y(e.lastingRole)))),i(`td`,{"data-label":`State`},i(Nr,{account:e})),i(`td`,{"data-label":`Last login`},i(F,{at:e.lastLoginAt})),i(`td`,{class:`row-acts`},i(`button`,{type:`button`,"aria-label":mn(n),onClick:()=>t({what:`history`,account:e})},`History`)))}
function Nr({account:e}){return i(s,null,e.banned&&i(L,{tone:`bad`},`banned`),` `,!e.enabled&&i(L,{tone:`warn`},`disabled`),e.enabled&&!e.banned&&i(L,{tone:`good`},`enabled`))}
function Pr(){let{email:e,role:t,enabled:n,banned:r}=z.value.query,i=e=>e===`true`||e===`false`;return{...e&&{email:e},...jn.includes(t)&&{role:t},...i(n)&&{enabled:n===`true`},...i(r)&&{banned:r===`true`}}}
var Fr={succeeded:`succeeded`,denied:`refused`},
Ir=e=>`Show only what ${e} did`,
Lr=e=>`Show only what was done to ${e}`,
Rr=e=>`${e} refusals`,
zr=(e,t)=>`Details: ${e}, ${t}`,
Br=e=>`${e} entries read…`,
Vr=e=>`${e} entries are saved as CSV.`,
Hr=[`timestamp`,`outcome`,`action`,`actor_type`,`actor_id`,`actor_email`,`target_type`,`target_id`,`before`,`after`,`reason`,`ip`,`request_id`,`refusals`],
Ur={promote_user:`changed the role of`,promote_users:`changed many roles in`,create_user:`created`,update_user:`changed`,delete_user:`deleted`,rotate_token:`rotated the API token of`,change_password:`changed the password of`,revoke_session:`ended a session of`,lapse_role:`ended the temporary role of`,issue_admin_token:`issued an API token for`,register_tenant:`registered`,update_tenant:`changed the settings of`,schedule_tenant_deletion:`scheduled the deletion of`,restore_tenant:`restored`,delete_tenant:`started the deletion of`,complete_tenant_deletion:`completed the deletion of`,create_webhook:`added`,delete_webhook:`deleted`,rotate_webhook_secret:`made a new secret of`,enable_webhook:`enabled`,disable_webhook:`disabled`}
function Wr(e){let t=ri(e.before),n=ri(e.after);return[...new Set([...Object.keys(t),...Object.keys(n)])].map(e=>({field:e,before:ii(t[e]),after:ii(n[e])})).filter(e=>e.before!==e.after).sort((e,t)=>Number(Gr(t.field))-Number(Gr(e.field)))}
function Gr(e){return e===`role`||e===`new_role`}
function Kr(e){return Ur[e]??e.replaceAll(`_`,` `)}
function qr({actor:e}){return e.email?e.email:{master:`Operator`,system:`System`,user:ni(e.id),account:`account ${e.id}`}[e.type]}
function Jr(e){let t=new Map;for(let{actor:n,target:r,before:i,after:a}of e){let e=[[n.id,n.email],[r.id,ti(a)??ti(i)]];for(let[n,r]of e)typeof r==`string`&&!t.has(n)&&t.set(n,r)}return t}
function Yr({target:e},t){return t.get(e.id)??`${e.type} ${ni(e.id)}`}
function Xr(e){let{actor:t,target:n}=e;return[e.timestamp,e.outcome,e.action,t.type,t.id,t.email,n.type,n.id,ii(e.before),ii(e.after),e.reason,e.ip,e.request_id,e.refusals]}
function Zr(e){let{tenant:t,action:n,actor:r,target:i,outcome:a,from:o,to:s}=e;return Object.fromEntries(Object.entries({tenant_id:t,action:n,actor:r,target:i,outcome:a,from:o&&Qr(o),to:s&&$r(s)}).filter(e=>!!e[1]))}
function Qr(e){return ei(new Date(`${e}T00:00:00`))}
function $r(e){return ei(new Date(`${e}T23:59:59`))}
function ei(e){return Number.isNaN(e.getTime())?null:e.toISOString().replace(/\.\d+Z$/u,`Z`)}
function ti(e){let{email:t,name:n}=ri(e);return t??n}
function ni(e){return e.length>12?`${e.slice(0,8)}…`:e}
function ri(e){return typeof e==`object`&&e?e:{}}
function ii(e){return e==null?null:typeof e==`object`?JSON.stringify(e):String(e)}
function ai({entry:e,names:t,onOpen:n}){let r=qr(e),a=Yr(e,t),o=Kr(e.action);return i(`li`,null,i(F,{at:e.timestamp}),i(`span`,null,i(`button`,{type:`button`,class:`link`,title:Ir(r),onClick:()=>V({actor:e.actor.id})},i(P,null,r))),i(`span`,null,o,` `,e.outcome===`denied`&&i(L,{tone:`bad`},`refused`),` `,e.refusals&&i(L,null,Rr(e.refusals))),i(`span`,null,i(`button`,{type:`button`,class:`link`,title:Lr(a),onClick:()=>V({target:e.target.id})},i(P,null,a))),i(`span`,{class:`changes`},si(e,a).map(e=>i(ci,{key:e.field,change:e})),e.reason&&i(`q`,null,i(P,null,e.reason))),i(`button`,{type:`button`,class:`quiet`,"aria-label":zr(o,N(e.timestamp)),onClick:n},`Details`))}
function oi(e,t){return`${qr(e)} ${Kr(e.action)} ${Yr(e,t)}`}
function si(e,t){let n=e=>(e.field===`email`||e.field===`name`)&&e.before===null&&e.after===t,r=e=>e.field===`active`&&e.before===null&&e.after===`true`;return Wr(e).filter(e=>!n(e)&&!r(e))}
function ci({change:e}){let t=t=>e.field.endsWith(`until`)?N(t):t;return i(`span`,{class:`change`},i(`span`,{class:`muted`},e.field.replaceAll(`_`,` `)),` `,e.before!==null&&i(s,null,i(P,null,t(e.before)),` `,i(`span`,{role:`img`,"aria-label":`becomes`},`→`),` `),i(`strong`,null,i(P,null,e.after===null?`none`:t(e.after))))}
function li({entry:e,names:t,onClose:n}){let r=[[`When`,e.timestamp],[`Outcome`,Fr[e.outcome]],[`Actor`,[e.actor.email,e.actor.type,e.actor.id].filter(Boolean).join(` · `)],[`Target`,`${e.target.type} · ${e.target.id}`],[`Reason`,e.reason],[`Before`,e.before&&JSON.stringify(e.before,null,1)],[`After`,e.after&&JSON.stringify(e.after,null,1)],[`Address`,e.ip],[`Request`,e.request_id],[`Entry`,e.id]];return i(k,{title:oi(e,t),onClose:n,wide:!0},i(`div`,{class:`body`},i(`dl`,{class:`fact-list`},r.map(([e,t])=>i(`div`,{class:`fact`,key:e},i(`dt`,null,e),i(`dd`,null,i(P,null,t??`none`))))),i(`footer`,null,i(`button`,{type:`button`,onClick:n},`Done`))))}
var ui=class extends Error{line;name=`CsvError`;constructor(e,t){super(t),this.line=e}}
function di(e){let t=e.replace(/^\uFEFF/u,``).replace(/\r\n?/gu,`
`),n=fi(t),r=RegExp(`"((?:[^"]|"")*)"|([^${n}\n"]*)`,`uy`),i=[],a=1,o=a,s=[];for(let e=0;e<=t.length;){r.lastIndex=e;let[c=``,l,u=``]=r.exec(t)??[];s.push(l===void 0?u.trim():l.replaceAll(`""`,`"`).trim()),a+=c.split(`
`).length-1,e+=c.length;let d=t[e];if(d!==void 0&&d!==n&&d!==`
`)throw new ui(a,`a quotation mark is in the wrong place`);d!==n&&(s.some(e=>e!==``)&&i.push({line:o,cells:s}),s=[],a+=1,o=a),e+=1}return i}
function fi(e){let[t=``]=e.replace(/"(?:[^"]|"")*"/gu,``).split(`
`,1);return[`	`,`;`].find(e=>t.includes(e))??`,`}
function pi(e){return e.map(e=>`${e.map(mi).join(`,`)}\r\n`).join(``)}
function mi(e){let t=e==null?``:String(e),n=/^\s*[=+\-@\t\r]/u.test(t)?`'${t}`:t;return/[",;\r\n\t]/u.test(n)?`"${n.replaceAll(`"`,`""`)}"`:n}
function hi(e,t,n){let r=URL.createObjectURL(new Blob([t],{type:`${n};charset=utf-8`})),i=document.createElement(`a`);i.href=r,i.download=e,i.click(),URL.revokeObjectURL(r)}
var gi=1e3
function _i({filters:e}){let[t,n]=o(0),r=f(new AbortController),a=E(async()=>{r.current=new AbortController,n(0);let t=await vi(e,r.current.signal,n);r.current.signal.aborted||(hi(`audit.csv`,pi([Hr,...t]),`text/csv`),O(Vr(t.length)))});return i(s,null,a.problem&&i(I,null,a.problem),i(`span`,{class:`muted`,role:`status`},a.busy&&Br(t)),i(`button`,{type:`button`,onClick:()=>a.busy?r.current.abort():void a.start()},a.busy?`Stop the export`:`Export as CSV`))}
async function vi(e,t,n){let r=[],i;do{let t=await Ci({...e,limit:gi},i,new AbortController().signal);r.push(...t.entries.map(Xr)),n(r.length),i=t.next_cursor}while(i&&!t.aborted);return r}
var yi=50
function bi(){let e=b.value?.standing===`master`,t=Zr(z.value.query),n=!e||`tenant_id`in t;return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Audit`),n&&i(_i,{filters:t})),i(xi,{isOperator:e}),n?i(Si,{key:JSON.stringify(t),filters:t}):i(`p`,{class:`empty card`},`Whose audit? Open a tenant's audit from the list of tenants, or paste the tenant's id. The audit of a deleted tenant is still here.`))}
function xi({isOperator:e}){let{tenant:t,...n}=z.value.query,r=Object.fromEntries(Object.keys(n).map(e=>[e,null])),a=Object.keys(Ur).map(e=>[e,Kr(e)]);return i(`div`,{class:`filters of-audit`},e&&i(W,{label:`Tenant id`,name:`tenant`}),i(G,{label:`Action`,name:`action`,options:[[``,`Any action`],...a]}),i(G,{label:`Outcome`,name:`outcome`,options:[[``,`Any outcome`],...Object.entries(Fr)]}),i(ln,{label:`From`,name:`from`}),i(ln,{label:`To`,name:`to`}),i(W,{label:`Actor id`,name:`actor`}),i(W,{label:`Target id`,name:`target`}),Object.keys(n).length>0&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>V(r)},`Clear the filters`))}
function Si({filters:e}){let[t,n]=o(null),r=Ft({queryKey:[`audit`,e],queryFn:({pageParam:t,signal:n})=>Ci({...e,limit:yi},t,n),getNextPageParam:e=>e.next_cursor}),a=r.data?.pages.flatMap(e=>e.entries)??[],c=Jr(a),l=()=>{r.hasNextPage&&!r.isFetching&&r.fetchNextPage()},u=r.data?.pages.at(-1)?.entries.length===0;return i(s,null,r.error&&i(I,null,_(r.error)),i(`ol`,{class:`entries`,"aria-label":`Entries`,"aria-busy":r.isFetching},a.map(e=>i(ai,{key:e.id,entry:e,names:c,onOpen:()=>n(e)}))),i(`div`,{class:`pager`},i(`span`,{role:`status`},wi(r,a.length)),r.hasNextPage&&i(Ti,{busy:r.isFetching,count:a.length,onClick:l,onReach:u?null:l})),t&&i(li,{entry:t,names:c,onClose:()=>n(null)}))}
function Ci(e,t,n){return w(C.GET(`/audit`,{params:{query:{...e,...t&&{cursor:t}}},signal:n}))}
function wi(e,t){return e.isFetchingNextPage?`Loading older entries…`:e.isFetching||!e.data?e.error?``:`Loading…`:e.hasNextPage?t?``:`No entry among those that were read so far.`:t?`These are all entries.`:`No entry fits these filters.`}
function Ti({busy:e,count:t,onClick:r,onReach:a}){let o=f(null),s=f(a);return s.current=a,n(()=>{let e=new IntersectionObserver(e=>{e.some(e=>e.isIntersecting)&&s.current?.()});return o.current&&e.observe(o.current),()=>e.disconnect()},[t]),i(`button`,{type:`button`,ref:o,"aria-disabled":e,onClick:r},`Show older entries`)}
var Ei={active:`active`,scheduled:`deletion scheduled`,deleting:`being deleted`},
Di=e=>`Details of ${e}`,
Oi=e=>`Audit of ${e}`,
ki=e=>`Delete ${e}`,
Ai=e=>`Restore ${e}`,
ji=e=>`${e} is restored. Everything is as it was.`,
Mi=e=>`Progress of the deletion of ${e}`,
Ni=e=>`${e} is protected against deletion.`,
Pi=e=>`${e} is no longer protected against deletion.`,
$={title:`Register a tenant`,name:`Name of the tenant`,email:`Email of its first admin`,password:`Password of the admin`,passwordHint:`8 to 128 characters. The admin can change it after signing in.`,submit:`Register`,done:e=>`${e} is registered.`,token:e=>`API token of ${e}`},
Fi=e=>`Delete ${e}?`,
Ii=e=>`Deletion of ${e}`,
Li=e=>`The deletion of ${e} is scheduled. Nobody of it gets in any more.`,
Ri=(e,t)=>`${e} of ${t} items`,
zi=e=>`${e} percent deleted`,
Bi={users:`users`,devices:`devices`,sessions:`sessions`,tokens:`API tokens`,emails:`reserved emails`,credentials:`passwords`,names:`reserved name`,tenants:`tenant`,webhooks:`webhooks`}
function Vi({tenant:e,onClose:t}){let[n,r]=o(!1),a=Hi(e.id),s=a.data?.data,c=E(async t=>{r(!1);try{Wi(e,t,await Ui(e.id,t,a.data?.etag??null))}catch(e){if(!(e instanceof g&&e.status===412))throw e;r(!0)}await a.refetch()});return i(k,{title:e.name,onClose:t},i(`div`,{class:`body`},a.error&&i(I,null,_(a.error)),n&&i(I,null,`Somebody else changed this tenant meanwhile. Its present state is shown here. Nothing was overwritten.`),i(`dl`,{class:`fact-list`},i(`dt`,null,`Id`),i(`dd`,{class:`mono`},e.id),i(`dt`,null,`Created`),i(`dd`,null,i(F,{at:e.created_at})),i(`dt`,null,`Changed`),i(`dd`,null,i(F,{at:s?.updated_at??e.updated_at})),i(`dt`,null,`Protection against deletion`),i(`dd`,null,s?i(L,{tone:s.deletion_protection?`good`:`plain`},s.deletion_protection?`on`:`off`):`Loading…`)),c.problem&&i(I,null,c.problem),i(`footer`,null,s&&i(`button`,{type:`button`,"aria-disabled":c.busy,onClick:()=>void c.start(!s.deletion_protection)},s.deletion_protection?`Lift the protection`:`Protect against deletion`),i(`button`,{type:`button`,class:`primary`,onClick:t},`Done`))))}
function Hi(e){return U({queryKey:[`tenant`,e],queryFn:async({signal:t})=>{let{data:n,etag:r}=await T(C.GET(`/global/tenants/{id}`,{params:{path:{id:e}},signal:t}));return{data:n.data,etag:r}},staleTime:0})}
async function Ui(e,t,n){let{etag:r}=await T(C.PUT(`/global/tenants/{id}`,{params:{path:{id:e},header:n?{"If-Match":n}:{}},body:{deletion_protection:t}}));return r}
function Wi(e,t,n){O((t?Ni:Pi)(e.name),async()=>{try{let r=await Ui(e.id,!t,n);Wi(e,!t,r)}catch(e){O(_(e))}})}
function Gi({label:e,done:t,total:n,text:r}){let a=m();return i(`div`,{class:`progress`},i(`span`,{id:a},e),i(`progress`,{"aria-labelledby":a,max:n,value:t??void 0}),r&&i(`span`,{class:`muted`},r))}
var Ki=700,
qi=25
function Ji({tenant:e,onClose:t}){let n=Yi(e.id),r=n.data;return i(`div`,{class:`body`},n.error&&i(I,null,_(n.error)),r?.status===`deleted`?i(Zi,{deletion:r}):i(Xi,{deletion:r??null}),i(`footer`,null,r?.status===`deleted`&&i(`button`,{type:`button`,class:`primary`,onClick:()=>Qi(r)},`Save receipt`),i(`button`,{type:`button`,onClick:t},r?.status===`deleted`?`Done`:`Close`)))}
function Yi(e){return U({queryKey:[`deletion`,e],queryFn:async({signal:t})=>{try{return(await w(C.GET(`/global/tenants/{id}/deletion`,{params:{path:{id:e}},signal:t}))).data}catch(e){if(e instanceof g&&e.status===404)return null;throw e}},refetchInterval:e=>e.state.data?.status!==`deleted`&&Ki,staleTime:0})}
function Xi({deletion:e}){let t=$i(),n=e&&ea(e.total)>0,r=e?.status===`deleting`?e.percent:0;return i(s,null,i(`div`,{ref:t,tabIndex:-1},i(Gi,{label:`Deleted so far`,done:n?r:null,total:100,text:n?Ri(ea(e.deleted),ea(e.total)):`The tenant is closed. The removal begins…`})),e?.status===`failed`&&i(I,null,`The deletion has stopped. It is tried again within five minutes.`),i(`p`,{class:`muted`},`The deletion goes on if you close this.`),i(`span`,{class:`unseen`,role:`status`},zi(Math.floor(r/qi)*qi)))}
function Zi({deletion:e}){let t=$i();return i(s,null,i(`div`,{role:`status`},i(`h3`,{class:`done`,ref:t,tabIndex:-1},`Deleted`)),e.verified&&i(`p`,null,`Reads of every partition of the tenant found nothing.`),i(ca,{counts:e.deleted}),i(`dl`,{class:`fact-list`},i(`dt`,null,`Requested`),i(`dd`,null,i(F,{at:e.requested_at})),i(`dt`,null,`Deleted`),i(`dd`,null,i(F,{at:e.deleted_at})),i(`dt`,null,`Requested by`),i(`dd`,null,e.requested_by),i(`dt`,null,`Attempts`),i(`dd`,null,e.attempts)))}
function Qi(e){hi(`deletion-${e.tenant_id}.json`,`${JSON.stringify(e,null,2)}\n`,`application/json`)}
function $i(){let e=f(null);return n(()=>e.current?.focus(),[]),e}
function ea(e){return Object.values(e).reduce((e,t)=>e+t,0)}
function ta({tenant:e,isScheduled:t,onClose:n}){let[r,a]=o(!1),s=E(async(t,r)=>{a(t===null);try{await ra(e,t,r)}catch(e){throw a(!1),e}t===null?await v.invalidateQueries({queryKey:[`deletion`,e.id]}):(n(),O(Li(e.name)))});return r?i(na,{tenant:e,onClose:n}):i(ia,{tenant:e,isScheduled:t,act:s,onClose:n,onConfirm:(e,t)=>void s.start(e,t)})}
function na({tenant:e,onClose:t}){return i(k,{key:`progress`,title:Ii(e.name),onClose:t},i(Ji,{tenant:e,onClose:t}))}
async function ra(e,t,n){await w(C.DELETE(`/global/tenants/{id}`,{params:{path:{id:e.id},query:{...t!==null&&{grace_days:t},...n&&{reason:n}},header:{"X-Confirm-Tenant-Name":encodeURIComponent(e.name)}}}))}
function ia({tenant:e,isScheduled:t,act:n,onClose:r,onConfirm:a}){let[s,c]=o(!1),[l,u]=o(`7`),[d,f]=o(``),[p,m]=o(``),[h,ee]=o(!1),te=Hi(e.id).data?.data.deletion_protection===!0,ne=()=>{let t=p.trim()===e.name.trim();ee(!t),t&&!te&&a(s?Number(l):null,d.trim())};return i(Z,{title:Fi(e.name),text:`This removes the tenant and everything that belongs to it. It can't be undone.`,submit:s?`Schedule the deletion`:`Delete now`,danger:!0,act:{...n,busy:n.busy||te},onSubmit:ne,onClose:r},te?i(I,null,`This tenant is protected against deletion. Lift the protection first, under its details.`):i(oa,{id:e.id}),!t&&i(`fieldset`,{class:`choices`},i(`legend`,{class:`label`},`When`),i(aa,{label:`Now`,hint:`Nobody of the tenant gets in any more, and the data is removed at once.`,checked:!s,onChoose:()=>c(!1)}),i(aa,{label:`In some days`,hint:`Nobody of the tenant gets in any more. Until that day the tenant can be restored.`,checked:s,onChoose:()=>c(!0)})),s&&i(A,{label:`Days until the deletion`,hint:`1 to 90`,type:`number`,min:1,max:90,required:!0,value:l,onValue:u}),i(A,{label:`Reason`,hint:`Kept in the audit. Up to 500 characters.`,optional:!0,maxLength:500,autocomplete:`off`,value:d,onValue:f}),i(A,{label:`Type the name to confirm`,hint:e.name,problem:h?`This is not the name of the tenant.`:null,required:!0,autocomplete:`off`,spellcheck:!1,value:p,onValue:m}))}
function aa({label:e,hint:t,checked:n,onChoose:r}){return i(`label`,{class:`choice`},i(`input`,{type:`radio`,name:`when`,checked:n,onChange:r}),i(`span`,null,e,i(`span`,{class:`hint`},t)))}
function oa({id:e}){let t=U({queryKey:[`deletion-preview`,e],queryFn:async({signal:t})=>{let{data:n}=await w(C.DELETE(`/global/tenants/{id}`,{params:{path:{id:e},query:{dry_run:!0}},signal:t}));return`would_delete`in n?n:null},staleTime:0});return i(`section`,{"aria-label":`What will be deleted`,"aria-busy":t.isFetching},i(`h3`,null,`What will be deleted`),t.isPending&&i(`p`,{class:`muted`},`Counting what will be deleted…`),t.error&&i(I,null,_(t.error)),t.data&&i(ca,{counts:t.data.would_delete}),t.data?.complete===!1&&i(`p`,{class:`muted`},`There is more than was counted here.`))}
function sa(e,t){let n=Bi[e]??e;return t===1?n.replace(/s$/u,``):n}
function ca({counts:e}){let t=Object.entries(e).filter(([,e])=>e>0).sort((e,t)=>t[1]-e[1]);return i(`ul`,{class:`counts`},t.map(([e,t])=>i(`li`,{key:e},i(`strong`,null,t),` `,sa(e,t))))}
function la({onClose:e}){let[t,n]=o(null);if(t){let{tenant:n,user:r,token:a}=t,o=$;return i(Q,{title:o.done(n.name),label:o.token(r.email),secret:a,onClose:e})}return i(ua,{onClose:e,onDone:n})}
function ua({onClose:e,onDone:t}){let[n,r]=o(``),[a,s]=o(``),[c,l]=o(``),u={tenant_name:n.trim(),email:a.trim(),password:c},d=Un(u),f=E(async()=>{let e=await w(C.POST(`/register`,{params:{header:{"Idempotency-Key":d}},body:u}));O($.done(e.tenant.name)),v.invalidateQueries({queryKey:[`tenants`]}),t(e)});return i(Z,{title:$.title,submit:$.submit,act:f,onSubmit:()=>void f.start(),onClose:e},i(A,{label:$.name,autocomplete:`off`,required:!0,"data-focus":!0,value:n,onValue:r}),i(A,{label:$.email,type:`email`,autocomplete:`off`,required:!0,value:a,onValue:s}),i(j,{label:$.password,hint:$.passwordHint,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:c,onValue:l}))}
var da=50,
fa=[`active`,`scheduled`,`deleting`]
function pa(){let[e,t]=o(null),n=ga(),r=un(JSON.stringify(n)),a=U({queryKey:[`tenants`,n,r.cursor],queryFn:({signal:e})=>w(C.GET(`/tenants`,{params:{query:{...n,limit:da,...r.cursor&&{cursor:r.cursor}}},signal:e})),placeholderData:l}),c=()=>{t(null),ha()};return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Tenants`),i(`button`,{type:`button`,class:`primary`,onClick:()=>V({do:`register`})},`Register tenant`)),i(`div`,{class:`filters`},i(W,{label:`Search by name`,name:`name`}),i(G,{label:`Status`,name:`status`,options:fa.map(e=>[e===`active`?``:e,Ei[e]])})),a.error&&i(I,null,_(a.error)),i(`div`,{class:`table-frame`,"aria-busy":a.isFetching},i(`table`,{class:`stacked`},i(`thead`,null,i(`tr`,null,i(`th`,{scope:`col`},`Name`),i(`th`,{scope:`col`},`Status`),i(`th`,{scope:`col`},n.status===`scheduled`?`Deleted from`:`Created`),i(`th`,{scope:`col`},i(`span`,{class:`unseen`},`Acts`)))),i(`tbody`,null,a.data?.tenants.map(e=>i(ma,{key:e.id,tenant:e,status:n.status??`active`,open:t})))),a.data?.tenants.length===0&&i(`p`,{class:`empty`},`No tenant is listed with these filters.`)),i(dn,{pages:r,label:`Tenants`,size:da,count:a.data?.tenants.length??0,nextCursor:a.data?.next_cursor}),e?.what===`details`&&i(Vi,{tenant:e.tenant,onClose:c}),e?.what===`delete`&&i(ta,{tenant:e.tenant,isScheduled:n.status===`scheduled`,onClose:c}),e?.what===`progress`&&i(na,{tenant:e.tenant,onClose:c}),z.value.query.do===`register`&&i(la,{onClose:()=>V({do:null})}))}
function ma({tenant:e,status:t,open:n}){let{id:r,name:a}=e,o=E(async()=>{await w(C.POST(`/global/tenants/{id}/restore`,{params:{path:{id:r}}})),O(ji(a)),await ha()});return i(`tr`,null,i(`th`,{scope:`row`},i(`button`,{type:`button`,class:`link`,title:Di(a),onClick:()=>n({what:`details`,tenant:e})},i(P,null,a)),o.problem&&i(I,null,o.problem)),i(`td`,{"data-label":`Status`},i(L,{tone:t===`active`?`good`:t===`scheduled`?`warn`:`bad`},Ei[t])),i(`td`,{"data-label":t===`scheduled`?`Deleted from`:`Created`},i(F,{at:t===`scheduled`?e.deletes_at:e.created_at})),i(`td`,{class:`row-acts`},i(`a`,{class:`button quiet`,href:R([`audit`],{tenant:r}),"aria-label":Oi(a)},`Audit`),t===`scheduled`&&i(`button`,{type:`button`,"aria-label":Ai(a),"aria-disabled":o.busy,onClick:()=>void o.start()},`Restore`),t===`deleting`?i(`button`,{type:`button`,"aria-label":Mi(a),onClick:()=>n({what:`progress`,tenant:e})},`Progress`):i(`button`,{type:`button`,class:`danger`,"aria-label":ki(a),onClick:()=>n({what:`delete`,tenant:e})},`Delete`)))}
function ha(){return v.invalidateQueries({queryKey:[`tenants`]})}
function ga(){let{name:e,status:t}=z.value.query;return{...e&&{name:e},...fa.includes(t)&&{status:t}}}
var _a=e=>e===1?`1 role`:`${e} roles`,
va=e=>e===1?`The user that you selected`:`The ${e} users that you selected`,
ya=(e,t)=>`Line ${e}: ${t}`,
ba=e=>`and ${e} more`,
xa=e=>`the column ${e} is missing`,
Sa=e=>`${e||`a column without a name`} is not a known column`,
Ca=e=>`the column ${e} is there twice`,
wa=(e,t)=>`has ${e} of ${t} cells`,
Ta=e=>`the role must be admin, manager or user, not ${e||`empty`}`,
Ea=e=>`until must be a time such as 2026-06-15T12:00:00Z, not ${e}`,
Da=(e,t)=>`${e} is on line ${t} already`,
Oa=(e,t)=>`${e} of ${t}`,
ka=e=>`Change ${_a(e)}`,
Aa={changed:`would change`,unchanged:`stays`,refused:`would be refused`,not_tried:`not checked`},
ja={changed:`changed`,unchanged:`stays`,refused:`refused`,not_tried:`not tried`},
Ma=(e,t,n,r,i)=>[`${e} ${i?`would change`:`changed`}`,`${t} ${t===1?`stays`:`stay`}`,`${n} ${i?`would be refused`:`refused`}`,r>0&&`${r} ${i?`not checked`:`not tried`}`].filter(Boolean).join(`, `),
Na=(e,t)=>`The table shows ${e} of ${t} rows, the refused ones first.`,
Pa=ve(new Map),
Fa=ve(``)
function Ia(){return[...Pa.value.values()]}
function La(e){return Pa.value.has(e)}
function Ra(e){za([e],!La(e.id))}
function za(e,t){let n=new Map(Pa.value);for(let{id:r,email:i}of e)t?n.set(r,{id:r,email:i}):n.delete(r);Pa.value=n}
function Ba(e){Fa.value!==e&&(Fa.value=e,Va())}
function Va(){Pa.value=new Map}
var Ha=500
async function Ua(e,t,n){let r=[],i;do{let t=await w(C.GET(`/users`,{params:{query:{...e,limit:Ha,...i&&{cursor:i}}}}));r.push(...t.users),i=t.next_cursor,n(r.length)}while(i&&!t.aborted);t.aborted||za(r,!0)}
function Wa(e,t){let n=t=>e.filter(({result:e})=>e.outcome===t).length;return Ma(n(`changed`),n(`unchanged`),n(`refused`),n(`not_tried`),t)}
function Ga(e){let t=({result:e})=>e.outcome===`refused`||e.outcome===`not_tried`;return[...e.filter(t),...e.filter(e=>!t(e))]}
var Ka=200,
qa={changed:`good`,unchanged:`plain`,refused:`bad`,not_tried:`warn`}
function Ja({done:e,dryRun:t}){let n=e.length>Ka,r=n?Ga(e).slice(0,Ka):e;return i(s,null,n&&i(`p`,{class:`hint`},Na(r.length,e.length)),i(`div`,{class:`table-frame`},i(`table`,{class:`stacked`},i(`thead`,null,i(`tr`,null,i(`th`,{scope:`col`,class:`number`},`Line`),i(`th`,{scope:`col`},`Email`),i(`th`,{scope:`col`},`Role`),i(`th`,{scope:`col`},`Outcome`),i(`th`,{scope:`col`},`Why`))),i(`tbody`,null,r.map(({row:e,result:n})=>i(`tr`,{key:e.line},i(`td`,{class:`number`,"data-label":`Line`},e.line),i(`th`,{scope:`row`},i(P,null,e.email)),i(`td`,{"data-label":`Role`},n.old_role&&n.old_role!==n.new_role&&`${n.old_role} → `,n.new_role,n.until&&i(`span`,{class:`until`},`until `,i(F,{at:n.until}))),i(`td`,{"data-label":`Outcome`},i(L,{tone:qa[n.outcome]},(t?Aa:ja)[n.outcome])),i(`td`,{"data-label":`Why`},n.error&&le(n.error))))))))}
var Ya=[`email`,`new_role`],
Xa=[`until`,`reason`],
Za=/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/u
function Qa(e){let t;try{t=di(e)}catch(e){return{rows:[],problems:[{line:e instanceof ui?e.line:1,text:`a quotation mark is in the wrong place`}]}}let[n,...r]=t;if(!n)return{rows:[],problems:[]};let i=n.cells.map(e=>e.toLowerCase()),a=$a(i).map(e=>({line:n.line,text:e}));if(a.length>0)return{rows:[],problems:a};let o=[],s=new Map;for(let{line:e,cells:t}of r){let n=Object.fromEntries(i.map((e,n)=>[e,t[n]??``])),r=eo(n,t.length,i.length),c=(n.email??``).toLowerCase(),l=s.get(c);l!==void 0&&c&&r.push(Da(n.email??``,l)),s.set(c,l??e),a.push(...r.map(t=>({line:e,text:t}))),o.push({line:e,email:n.email??``,change:to(n)})}return a.length>0?{rows:[],problems:a}:{rows:o,problems:a}}
function $a(e){return[...Ya.filter(t=>!e.includes(t)).map(xa),...e.filter(e=>![...Ya,...Xa].includes(e)).map(Sa),...e.filter((t,n)=>t&&e.indexOf(t)<n).map(Ca)]}
function eo(e,t,n){if(t!==n)return[wa(t,n)];let{email:r=``,new_role:i=``,until:a=``}=e;return[...r?[]:[`the email is missing`],...K.includes(i)?[]:[Ta(i)],...a&&!Za.test(a)?[Ea(a)]:[]]}
function to(e){return Object.fromEntries(Object.entries(e).filter(([,e])=>e!==``))}
function no(e,t,n){return e.map(({id:e,email:r},i)=>({line:i+1,email:r,change:{user_id:e,new_role:t,...n&&{until:n}}}))}
var ro=6e4,
io=new TextEncoder
function ao(e,t){let n=[],r=0;for(let i of e){let e=io.encode(JSON.stringify(i.change)).length+1,a=n.at(-1);a&&a.length<t&&r+e<=ro?(a.push(i),r+=e):(n.push([i]),r=e)}return n}
function oo(e){return pi([[`line`,`email`,`old_role`,`new_role`,`until`,`outcome`,`error_code`,`error`],...e.map(({row:e,result:t})=>[e.line,e.email,t.old_role,t.new_role,t.until,t.outcome,t.error_code,t.error])])}
var so=100,
co=20,
lo=5
async function uo({rows:e,reason:t,dryRun:n,stop:r,onDone:i}){let a=[],o=[...e];for(;o.length>0&&!r.aborted;){let[e=[]]=ao(o,n?so:co),r=await fo(e,t,n),s=r.filter(({result:e})=>e.outcome!==`not_tried`);if(s.length===0){a.push(...r),i([...a]);return}a.push(...s),o=o.slice(s.length),i([...a])}}
async function fo(e,t,n){for(let r=0;;r+=1)try{let{data:r}=await w(C.POST(`/users/promote`,{body:{changes:e.map(e=>e.change),dry_run:n,...t&&{reason:t}}}));return e.flatMap((e,t)=>{let n=r.results[t];return n?[{row:e,result:n}]:[]})}catch(t){if(!(t instanceof g&&t.isTemporary)||r>=lo)throw po(t,e);await new Promise(e=>setTimeout(e,pe(r,t)))}}
function po(e,t){if(!(e instanceof g))return e;let n=e.fields.map(({field:e,message:n})=>{let[,r,i=``]=/^changes\[(\d+)\]\.?(.*)$/u.exec(e)??[],a=r===void 0?void 0:t[Number(r)]?.line;return{field:a===void 0?e:`line ${a} ${i}`.trim(),message:n}});return new g(e.status,e.code,e.message,n,e.retryAfter)}
function mo(e){return Ia().length>0?i(ho,e):i(_o,e)}
function ho({busy:e,onDryRun:t}){let[n,r]=o(`user`),[a,s]=o(q),c=Ia();return i(`form`,{onSubmit:e=>{e.preventDefault(),t(no(c,n,En(a,new Date)),a.reason.trim())}},i(`p`,null,va(c.length),`:`,` `,i(P,null,c.slice(0,3).map(e=>e.email).join(`, `),c.length>3&&`, …`)),i(`div`,{class:`role-form`},i(M,{label:`New role`,options:K.map(e=>[e,e]),value:n,onValue:e=>r(e)}),i(gr,{terms:a,onTerms:s})),i(`footer`,null,i(`button`,{type:`button`,class:`quiet`,onClick:Va},`Use a CSV instead`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e},`Dry run`)))}
var go=20
function _o({busy:e,onDryRun:t}){let n=m(),[r,a]=o(``),[s,c]=o(``),[l,u]=o(null),d=e=>{e.preventDefault();let n=Qa(r);u(n.rows.length>0?null:n.problems),n.rows.length>0&&t(n.rows,s.trim())},f=async e=>{e&&(a(await e.text()),u(null))};return i(`form`,{onSubmit:d},i(`div`,{class:`field`},i(`label`,{for:n},`CSV with the columns email, new_role, until, reason`),i(`textarea`,{id:n,class:`mono`,rows:10,required:!0,spellcheck:!1,placeholder:`email,new_role,until,reason
ada@example.com,manager,,leads the team now`,"aria-describedby":`${n}-hint`,"aria-invalid":l?!0:void 0,value:r,onInput:e=>a(e.currentTarget.value),onDragOver:e=>e.preventDefault(),onDrop:e=>{e.dataTransfer?.files.length&&(e.preventDefault(),f(e.dataTransfer.files[0]))}}),i(`p`,{class:`hint`,id:`${n}-hint`},`until and reason may be missing. Paste the rows, or drop a file on the field.`)),i(`div`,{class:`field`},i(`label`,{for:`${n}-file`},`Choose a file`),i(`input`,{id:`${n}-file`,type:`file`,accept:`.csv,text/csv,text/plain`,onChange:e=>void f(e.currentTarget.files?.[0])})),i(_r,{reason:s,onReason:c}),l&&i(vo,{problems:l}),i(`footer`,null,i(`button`,{type:`submit`,class:`primary`,"aria-disabled":e},`Dry run`)))}
function vo({problems:e}){let t=e.length-go;return i(`div`,{class:`problem`,role:`alert`},i(`p`,null,e.length>0?`Correct these lines first. Nothing was sent.`:`There are no rows yet.`),i(`ul`,null,e.slice(0,go).map(({line:e,text:t})=>i(`li`,{key:`${e} ${t}`},ya(e,t))),t>0&&i(`li`,null,ba(t))))}
function yo(){let[e,t]=o(null),[r,a]=o(``),c=f(new AbortController);n(()=>()=>c.current.abort(),[]);let l=E(async(e,n,r)=>{c.current=new AbortController,qe(),a(n);let i=[];t({dryRun:r,total:e.length,done:i});try{await uo({rows:e,reason:n,dryRun:r,stop:c.current.signal,onDone:n=>{i=n,t({dryRun:r,total:e.length,done:n})}})}finally{O(Wa(i,r)),r||(Va(),v.removeQueries({queryKey:[`users`]}))}});return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},ee.users),i(`a`,{class:`button`,href:R([`users`])},`Back to the list`)),i(`section`,{class:`card many`,"aria-label":`Change many roles`},i(`h2`,{tabIndex:-1},`Change many roles`),e?i(bo,{report:e,busy:l.busy,onRun:e=>void l.start(e,r,!1),onStop:()=>c.current.abort(),onStartOver:()=>{l.forget(),t(null)}}):null,l.problem&&i(I,null,l.problem),i(`div`,{hidden:e!==null},i(mo,{busy:l.busy,onDryRun:(e,t)=>void l.start(e,t,!0)}))))}
function bo({report:e,busy:t,onRun:r,onStop:a,onStartOver:o}){let{dryRun:c,total:l,done:u}=e,d=f(null);n(()=>d.current?.focus(),[c]);let p=c?u.filter(({result:e})=>e.outcome===`changed`).map(({row:e})=>e):[];return i(s,null,i(`h3`,{ref:d,tabIndex:-1},c?`What would happen`:`What happened`),t&&i(`div`,{class:`running`},i(Gi,{label:c?`Dry run`:`Changing roles`,done:u.length,total:l,text:Oa(u.length,l)}),i(`button`,{type:`button`,onClick:a},`Stop`)),i(`p`,null,Wa(u,c)),c&&l>100&&i(`p`,{class:`hint`},`The dry run looks at 100 rows at a time, each time at the users as they are now.`),i(Ja,{done:u,dryRun:c}),!t&&i(`footer`,{class:`acts`},i(`button`,{type:`button`,onClick:o},`Start over`),i(`button`,{type:`button`,onClick:()=>hi(`role-changes.csv`,oo(u),`text/csv`)},`Save results as CSV`),p.length>0&&i(`button`,{type:`button`,class:`primary`,onClick:()=>r(p)},ka(p.length))))}
var xo=class extends Error{seen;now;name=`ChangedMeanwhile`;constructor(e,t){super(`changed meanwhile`),this.seen=e,this.now=t}}
async function So(e,t){let{data:n,etag:r}=await T(C.GET(`/users/{id}`,{params:{path:{id:e},query:{include:`allowed_roles`}},...t&&{signal:t}}));return Lo(n.data),{user:n.data,etag:r}}
async function Co(e,t,n){let r=await Ao(e),i=await jo(e,()=>Mo(r,t,n));O(Zn(e.email,r.user.role,t),()=>Fo(e,async()=>{let n=i;for(let e of An(r.user,t,new Date))n=await Mo({user:r.user,etag:n},e,`undone in the console`);return Qn(e.email,Jn(r.user))})),await Io(e.id)}
async function wo(e,t,n){let r=await Ao(e),i=await jo(e,()=>No(r,t,n));O($n(e.email,t),()=>Fo(e,async()=>(await No({user:r.user,etag:i},!t,`undone in the console`),$n(e.email,!t)))),await Io(e.id)}
async function To(e,t){let n=await Ao(e);await jo(e,()=>T(C.DELETE(`/users/{id}`,{params:{path:{id:e.id},query:t?{reason:t}:{},header:Po(n.etag)}}))),O(er(e.email)),v.removeQueries({queryKey:[`user`,e.id]}),Ro(t=>t.filter(t=>t.id!==e.id)),await v.invalidateQueries({queryKey:[`users`]})}
async function Eo(e){let{data:t}=await w(C.POST(`/users/{id}/token`,{params:{path:{id:e.id}}})),n=b.value;return n?.kind===`token`&&e.allowed_roles?.length===0&&ko(e.id,n.credential.access)&&Se({...n.credential,access:t.token}),await v.invalidateQueries({queryKey:[`users`]}),t.token}
async function Do(e,t){await w(C.PUT(`/users/{id}/password`,{params:{path:{id:e.id}},body:{new_password:t}})),O(nr(e.email))}
async function Oo(e,t){let n=await w(C.POST(`/users`,{params:{header:{"Idempotency-Key":t}},body:e}));return O(tr(n.user.email)),await v.invalidateQueries({queryKey:[`users`]}),n.user.token}
function ko(e,t){return v.getQueriesData({queryKey:[`users`]}).flatMap(([,e])=>e?.users??[]).some(n=>n.id===e&&n.token?.slice(-4)===t.slice(-4))}
async function Ao(e){let t=await So(e.id);if(!On(e,t.user))throw v.setQueryData([`user`,e.id],t),new xo(e,t.user);return t}
async function jo(e,t){try{return await t()}catch(t){if(t instanceof g&&t.status===412){let t=await So(e.id);throw v.setQueryData([`user`,e.id],t),new xo(e,t.user)}throw t}}
async function Mo({user:e,etag:t},n,r){return(await T(C.POST(`/users/{id}/promote`,{params:{path:{id:e.id},header:Po(t)},body:{...n,...r&&{reason:r}}}))).etag}
async function No({user:e,etag:t},n,r){return(await T(C.PUT(`/users/{id}`,{params:{path:{id:e.id},header:Po(t)},body:{active:n,...r&&{reason:r}}}))).etag}
function Po(e){return e===null?{}:{"If-Match":e}}
async function Fo(e,t){try{O(await t())}catch(t){let n=t instanceof g&&t.status===412;O(rr(e.email,n?`Somebody has changed this user since.`:_(t)))}await Io(e.id)}
async function Io(e){await So(e).then(t=>v.setQueryData([`user`,e],t),()=>void 0)}
function Lo(e){Ro(t=>t.map(t=>t.id===e.id?{...zo(t),...e}:t))}
function Ro(e){v.setQueriesData({queryKey:[`users`]},t=>t&&{...t,users:e(t.users)})}
function zo({lasting_role:e,role_until:t,...n}){return n}
function Bo({act:e,anyway:t,onAnyway:n}){let{error:r,problem:a,forget:o}=e;return r instanceof xo?i(`div`,{class:`refusal`},i(I,null,ir(Jn(r.seen),Jn(r.now))),t&&i(`button`,{type:`button`,onClick:n},t),i(`button`,{type:`button`,class:`quiet`,onClick:o},`Leave it`)):a&&i(I,null,a)}
function Vo({said:e,user:t,danger:n=!1,act:r,onClose:a,children:o}){return i(Z,{title:e.title(t.email),text:e.text,submit:e.submit,danger:n,act:r,refusal:i(Bo,{act:r}),onSubmit:()=>void r.start(),onClose:a},o)}
function Ho({user:e,onClose:t}){let[n,r]=o(``),[a]=o(!e.active),s=E(async()=>{await wo(e,a,n.trim()),t()});return i(Vo,{said:a?sr:or,user:e,danger:!a,act:s,onClose:t},i(_r,{reason:n,onReason:r}))}
function Uo({user:e,onClose:t,onGone:n}){let[r,a]=o(``),s=E(async()=>{await To(e,r.trim()),n()});return i(Vo,{said:cr,user:e,danger:!0,act:s,onClose:t},i(_r,{reason:r,onReason:a}))}
function Wo({user:e,onClose:t}){let[n,r]=o(null),a=E(async()=>r(await Eo(e)));return n===null?i(Vo,{said:lr,user:e,act:a,onClose:t}):i(Go,{title:lr.doneTitle(e.email),token:n,onClose:t})}
function Go({title:e,token:t,onClose:n}){return i(Q,{title:e,label:lr.token,secret:t,onClose:n})}
function Ko({user:e,onClose:t}){let[n,r]=o(``),a=E(async()=>{await Do(e,n),t()});return i(Vo,{said:ur,user:e,act:a,onClose:t},i(Qe,{email:e.email}),i(j,{label:`New password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:n,onValue:r}))}
function qo({onClose:e}){let[t,n]=o({email:``,password:``,role:`user`}),[r,a]=o(null),s=f(crypto.randomUUID()),c=e=>{s.current=crypto.randomUUID(),n({...t,...e})},l=E(async()=>a(await Oo({...t,email:t.email.trim()},s.current)));return r===null?i(k,{title:`Create a user`,onClose:e},i(`form`,{onSubmit:e=>{e.preventDefault(),l.start()}},i(A,{label:`Email`,type:`email`,autocomplete:`off`,required:!0,"data-focus":!0,value:t.email,onValue:e=>c({email:e})}),i(j,{label:`Password`,hint:`8 to 128 characters.`,autocomplete:`new-password`,required:!0,minLength:8,maxLength:128,value:t.password,onValue:e=>c({password:e})}),i(M,{label:`Role`,options:K.map(e=>[e,e]),value:t.role,onValue:e=>c({role:e})}),l.problem&&i(I,null,l.problem),i(`footer`,null,i(`button`,{type:`button`,onClick:e},`Cancel`),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":l.busy},`Create user`)))):i(Go,{title:dr(t.email.trim()),token:r,onClose:e})}
var Jo=900
function Yo({user:e,pending:t,describedBy:r,onChoose:a}){let[s,c]=o(null),l=f(!1),u=f(void 0);n(()=>()=>clearTimeout(u.current),[]);let d=t=>{clearTimeout(u.current),l.current=!1,c(null),t&&t!==e.role&&a(t)},p=e=>{l.current?(c(e),clearTimeout(u.current),u.current=setTimeout(()=>d(e),Jo)):d(e)},m=e=>{e===`Enter`?d(s):e===`Escape`?d(null):l.current=!0},h=e.allowed_roles??[];return i(`select`,{"aria-label":Kn(e.email),"aria-describedby":r,disabled:h.length===0,value:t??s??e.role,onPointerDown:()=>{l.current=!1},onKeyDown:e=>m(e.key),onBlur:()=>d(s),onChange:e=>p(e.currentTarget.value)},K.filter(t=>t===e.role||h.includes(t)).map(e=>i(`option`,{key:e,value:e},e)))}
function Xo({user:e,terms:t}){let n=m(),[r,a]=o(null),s=E(async n=>{a(n);try{let r=En(t,new Date);await Co(e,{new_role:n,...r&&{until:r}},t.reason.trim())}finally{a(null)}}),c=f(e.role),l=e=>{c.current=e,s.start(e)},u=R([`users`],{...z.value.query,person:e.id});return i(`tr`,{"aria-busy":s.busy},i(`td`,{class:`tick`},i(`input`,{type:`checkbox`,"aria-label":fr(e.email),checked:La(e.id),onChange:()=>Ra(e)})),i(`th`,{scope:`row`},i(`a`,{href:u},i(P,null,e.email)),e.id===b.value?.userId&&i(L,null,`you`),!e.active&&i(`span`,{class:`narrow-only`},i(L,{tone:`warn`},`inactive`))),i(`td`,{class:`role`},i(Yo,{user:e,pending:r,describedBy:s.error?n:void 0,onChoose:l}),e.role_until&&i(`span`,{class:`until`},qn(e.role_until,e.lasting_role??e.role)),i(`div`,{id:n},i(Bo,{act:s,anyway:c.current===e.role?void 0:ar(c.current),onAnyway:()=>l(c.current)}))),i(`td`,{class:`wide-only`},i(L,{tone:e.active?`good`:`warn`},e.active?`active`:`inactive`)),i(`td`,{class:`wide-only`},i(F,{at:e.updated_at})))}
function Zo({filters:e,hasMore:t}){let[n,r]=o(0),a=f(null),c=E(async()=>{a.current=new AbortController,r(0),await Ua(e,a.current.signal,r)}),l=Ia().length;return i(`div`,{class:`selection`},i(`span`,{"aria-live":`polite`},c.busy?mr(n):l>0&&pr(l)),c.busy&&i(`button`,{type:`button`,onClick:()=>a.current?.abort()},`Stop`),t&&!c.busy&&l>0&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>void c.start()},`Select all that match`),l>0&&!c.busy&&i(s,null,i(`button`,{type:`button`,class:`quiet`,onClick:Va},`Clear selection`),i(`a`,{class:`button`,href:R([`users`,`many`])},`Change their roles`)),c.problem&&i(I,null,c.problem))}
var Qo=50
function $o(){let e=ns(),t=JSON.stringify(e),r=un(t),[a,c]=o(q),{cursor:u}=r,d=U({queryKey:[`users`,e,u],queryFn:({signal:t})=>w(C.GET(`/users`,{params:{query:{...e,limit:Qo,include:`allowed_roles`,...u&&{cursor:u}}},signal:t})),placeholderData:l});n(()=>Ba(t),[t]);let f=d.data?.users??[];return i(s,null,i(es,null),i(`div`,{class:`toolbar`},i(vr,{terms:a,onTerms:c}),i(Zo,{filters:e,hasMore:!!d.data?.next_cursor||r.number>0})),d.error&&i(`div`,{class:`refusal`},i(I,null,_(d.error)),i(`button`,{type:`button`,onClick:()=>void d.refetch()},`Try again`)),i(`div`,{class:`table-frame`,"aria-busy":d.isFetching},i(`table`,{class:`users`},i(ts,{users:f}),i(`tbody`,null,f.map(e=>i(Xo,{key:e.id,user:e,terms:a})))),d.isPending&&!d.error&&i(`p`,{class:`empty`},`Loading…`),d.isSuccess&&f.length===0&&i(`p`,{class:`empty`},`No user matches these filters.`,` `,`Remove a filter to see more.`)),i(dn,{pages:r,label:`Users`,size:Qo,count:f.length,nextCursor:d.data?.next_cursor,loading:d.isPending}))}
function es(){return i(`div`,{class:`filters`},i(W,{label:`Search by email`,name:`email`}),i(G,{label:`Role`,name:`role`,options:[[``,`Any role`],...K.map(e=>[e,e])]}),i(G,{label:`State`,name:`active`,options:[[``,`Any state`],[`true`,`active`],[`false`,`inactive`]]}))}
function ts({users:e}){let t=e.filter(e=>La(e.id)).length;return i(`thead`,null,i(`tr`,null,i(`td`,{class:`tick`},i(`input`,{type:`checkbox`,"aria-label":`Select all on this page`,checked:e.length>0&&t===e.length,indeterminate:t>0&&t<e.length,onChange:t=>za(e,t.currentTarget.checked)})),i(`th`,{scope:`col`},`Email`),i(`th`,{scope:`col`},`Role`),i(`th`,{scope:`col`,class:`wide-only`},`State`),i(`th`,{scope:`col`,class:`wide-only`},`Changed`)))}
function ns(){let{email:e,role:t,active:n}=z.value.query;return{...e&&{email:e},...K.includes(t)&&{role:t},...(n===`true`||n===`false`)&&{active:n===`true`}}}
function rs({id:e,onTitle:t,onGone:r}){let a=U({queryKey:[`user`,e],queryFn:({signal:t})=>So(e,t),staleTime:0}),o=a.data?.user;return n(()=>{o&&t(o.email)},[o?.email]),a.error?i(I,null,_(a.error)):o?i(is,{user:o,onGone:r}):i(`p`,{class:`muted`},`Loading…`)}
function is({user:e,onGone:t}){return i(s,null,i(`dl`,{class:`facts`},i(as,{name:`Role`},e.role,e.role_until&&i(`span`,{class:`until`},qn(e.role_until,e.lasting_role??e.role))),i(as,{name:`State`},i(L,{tone:e.active?`good`:`warn`},e.active?`active`:`inactive`)),i(as,{name:`Created`},i(F,{at:e.created_at})),i(as,{name:`Changed`},i(F,{at:e.updated_at})),i(as,{name:`Id`},i(`code`,null,e.id))),i(os,{user:e}),i(ss,{user:e,onGone:t}))}
function as({name:e,children:t}){return i(`div`,null,i(`dt`,null,e),i(`dd`,null,t))}
function os({user:e}){let t=K.filter(t=>t===e.role||e.allowed_roles?.includes(t)),[n,r]=o(null),a=n??e.role,[s,c]=o(q),l=E(async()=>{let t=En(s,new Date);await Co(e,{new_role:a,...t&&{until:t}},s.reason.trim()),r(null),c(q)});return e.allowed_roles?.length?i(`form`,{class:`section`,onSubmit:e=>{e.preventDefault(),l.start()},"aria-label":`Change role`},i(`h3`,null,`Change role`),i(`div`,{class:`role-form`},i(M,{label:`New role`,options:t.map(e=>[e,e]),value:a,onValue:e=>r(e)}),i(gr,{terms:s,onTerms:c}),i(`button`,{type:`submit`,class:`primary`,"aria-disabled":l.busy},`Change role`)),i(Bo,{act:l,anyway:ar(a),onAnyway:()=>void l.start()})):i(`p`,{class:`muted`},`You cannot change this role.`)}
function ss({user:e,onGone:t}){let[n,r]=o(null),a=()=>r(null),c=e.id===b.value?.userId;return i(`section`,{class:`section`,"aria-label":`Other changes`},i(`h3`,null,`Other changes`),i(`div`,{class:`acts`},i(`button`,{type:`button`,onClick:()=>r(`rotate`)},`New API token`),!c&&i(s,null,i(`button`,{type:`button`,onClick:()=>r(`password`)},`Set password`),i(`button`,{type:`button`,onClick:()=>r(`active`)},e.active?`Deactivate`:`Activate`),i(`button`,{type:`button`,class:`danger`,onClick:()=>r(`delete`)},`Delete`))),n===`active`&&i(Ho,{user:e,onClose:a}),n===`rotate`&&i(Wo,{user:e,onClose:a}),n===`password`&&i(Ko,{user:e,onClose:a}),n===`delete`&&i(Uo,{user:e,onClose:a,onGone:t}))}
function cs(){let e=b.value?.standing===`admin`;return z.value.rest[0]===`many`?i(yo,null):i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Users`),i(`a`,{class:`button`,href:R([`users`,`many`])},`Change many`),e&&i(`button`,{type:`button`,class:`primary`,onClick:()=>V({do:`create`})},`Create user`)),i(e?$o:us,null),e&&z.value.query.person&&i(ls,{key:z.value.query.person,id:z.value.query.person}),e&&z.value.query.do===`create`&&i(qo,{onClose:()=>V({do:null})}))}
function ls({id:e}){let[t,n]=o(`Users`),r=()=>V({person:null});return i(k,{title:t,onClose:r,wide:!0},i(`div`,{class:`body`},i(rs,{id:e,onTitle:n,onGone:r})))}
function us(){let e=z.value.query.person??b.value?.userId??``,[t,n]=o(e),[r,a]=o(``);return i(s,null,i(`form`,{class:`open-person`,onSubmit:e=>{e.preventDefault(),B([`users`],{person:t.trim()})}},i(A,{label:`Id of the person`,hint:`A manager does not list the users of the tenant. Open a person by their id.`,required:!0,spellcheck:!1,class:`mono`,value:t,onValue:n}),i(`button`,{type:`submit`,class:`primary`},`Open`)),e&&i(`section`,{class:`card`},i(`h2`,{tabIndex:-1},r),i(rs,{key:e,id:e,onTitle:a,onGone:()=>V({person:null})})))}
var ds={active:`active`,failing:`failing`,disabled:`disabled`},
fs=e=>`Test ${e}`,
ps=e=>`A test is on its way to ${e}.`,
ms=e=>`${e} has received a delivery.`,
hs=(e,t)=>`The delivery to ${e} failed: ${t}.`,
gs=e=>`${e} is added.`,
_s={open:`New secret`,of:e=>`New secret of ${e}`,title:`Make a new secret?`,text:e=>`Deliveries to ${e} are signed with both secrets for 24 hours, then with the new one alone.`,enables:`The webhook is disabled now. This makes it active again.`,submit:`Make a new secret`,done:e=>`${e} has a new secret.`},
vs={open:`Delete`,of:e=>`Delete ${e}`,title:`Delete this webhook?`,text:e=>`Nothing more is delivered to ${e}. It can't be undone.`,submit:`Delete`,done:e=>`${e} is deleted.`}
function ys(e){let t=e.lastIndexOf(`@`);try{let{hostname:n}=new URL(`https://${e.slice(t+1)}`);return`${e.slice(0,t)}@${n}`.toLowerCase()}catch{return e.toLowerCase()}}
function bs(){return v.invalidateQueries({queryKey:[`webhooks`]})}
async function xs(e,t){let n={url:e,...t&&{user_id:await Es(t)}},r=await w(C.POST(`/webhooks`,{body:n}));return Ts(gs(r.webhook.url),r.webhook_secret)}
async function Ss({id:e,url:t}){let n=await w(C.POST(`/webhooks/{id}/secret`,{params:{path:{id:e}}}));return Ts(_s.done(t),n.webhook_secret)}
async function Cs({id:e,url:t}){await w(C.DELETE(`/webhooks/{id}`,{params:{path:{id:e}}})),O(vs.done(t)),await bs()}
async function ws({id:e,url:t}){await w(C.POST(`/webhooks/{id}/test`,{params:{path:{id:e}}})),O(ps(t))}
function Ts(e,t){return O(e),bs(),{title:e,secret:t}}
async function Es(e){if(!e.includes(`@`))return e.toLowerCase();let t=ys(e),{users:n}=await w(C.GET(`/users`,{params:{query:{email:t,limit:1}}})),r=n.find(e=>e.email.toLowerCase()===t);if(!r)throw new g(404,`USER_NOT_FOUND`,`No user has this email`);return r.id}
function Ds({onClose:e}){let[t,n]=o(``),[r,a]=o(``),[s,c]=o(null),l=E(async()=>c(await xs(t.trim(),r.trim())));return s?i(Q,{...s,label:`Secret that signs the deliveries`,onClose:e}):i(Z,{title:`Add a webhook`,submit:`Add`,act:l,onSubmit:()=>void l.start(),onClose:e},i(A,{label:`Address`,hint:`It begins with https:// and can be reached from the internet.`,type:`url`,required:!0,maxLength:2e3,"data-focus":!0,value:t,onValue:n}),i(A,{label:`Only for this user`,hint:`Email or id. Without it the webhook hears of everybody.`,optional:!0,autocomplete:`off`,spellcheck:!1,value:r,onValue:a}))}
function Os({webhook:e,onClose:t}){let[n,r]=o(null),[a]=o(e.status===`disabled`),s=E(async()=>r(await Ss(e))),{title:c,text:l,enables:u,submit:d}=_s;return n?i(Q,{...n,label:`Secret that signs the deliveries`,onClose:t}):i(Z,{title:c,text:a?`${l(e.url)} ${u}`:l(e.url),submit:d,act:s,onSubmit:()=>void s.start(),onClose:t})}
function ks({webhook:e,onClose:t}){let n=E(async()=>{await Cs(e),t()}),{title:r,text:a,submit:o}=vs;return i(Z,{title:r,text:a(e.url),submit:o,danger:!0,act:n,onSubmit:()=>void n.start(),onClose:t})}
function As(e,t){let n=t.last_failure;return n&&n.at!==e.last_failure?.at?hs(t.url,n.error):t.last_delivered_at===e.last_delivered_at?null:ms(t.url)}
var js=50,
Ms=2e3,
Ns=30,
Ps={active:`good`,failing:`warn`,disabled:`bad`}
function Fs(){let[e,t]=o(null),n=un(``),{cursor:r}=n,a=U({queryKey:[`webhooks`,r],queryFn:({signal:e})=>w(C.GET(`/webhooks`,{params:{query:{limit:js,...r&&{cursor:r}}},signal:e})),placeholderData:l}),c=a.data?.webhooks??[],u=()=>t(null);return i(s,null,i(`header`,{class:`head`},i(`h1`,{tabIndex:-1},`Webhooks`),i(`button`,{type:`button`,class:`primary`,onClick:()=>V({do:`create`})},`Add webhook`)),a.error&&i(I,null,_(a.error)),i(`div`,{class:`table-frame`,"aria-busy":a.isFetching},i(`table`,{class:`webhooks stacked`},i(`thead`,null,i(`tr`,null,[`Address`,`Hears of`,`Status`,`Last delivery`,`Last failure`].map(e=>i(`th`,{key:e,scope:`col`},e)),i(`th`,{scope:`col`},i(`span`,{class:`unseen`},`Acts`)))),i(`tbody`,null,c.map(e=>i(Is,{key:e.id,webhook:e,open:t})))),!a.error&&!c.length&&i(`p`,{class:`empty`},a.isPending?`Loading…`:`There are no webhooks. A webhook tells another system when a user's role or state changes.`)),i(dn,{pages:n,label:`Webhooks`,size:js,count:c.length,nextCursor:a.data?.next_cursor,loading:a.isPending}),e?.what===`rotate`&&i(Os,{webhook:e.webhook,onClose:u}),e?.what===`delete`&&i(ks,{webhook:e.webhook,onClose:u}),z.value.query.do===`create`&&i(Ds,{onClose:()=>V({do:null})}))}
function Is({webhook:e,open:t}){let{url:n,user_id:r,status:a,last_failure:o}=e,s=Ls(e);return i(`tr`,null,i(`th`,{scope:`row`},i(P,null,n),s.problem&&i(I,null,s.problem)),i(`td`,{"data-label":`Hears of`},r?i(`a`,{href:R([`users`],{person:r}),title:r},`one user`):`everybody`),i(`td`,{"data-label":`Status`},i(L,{tone:Ps[a]},ds[a])),i(`td`,{"data-label":`Last delivery`},i(F,{at:e.last_delivered_at})),i(`td`,{"data-label":`Last failure`},i(F,{at:o?.at}),o&&i(`span`,{class:`until`},o.error)),i(`td`,{class:`row-acts`},i(`button`,{type:`button`,"aria-label":fs(n),"aria-disabled":s.busy,onClick:()=>void s.start()},`Test`),i(`button`,{type:`button`,"aria-label":_s.of(n),onClick:()=>t({what:`rotate`,webhook:e})},_s.open),i(`button`,{type:`button`,class:`danger`,"aria-label":vs.of(n),onClick:()=>t({what:`delete`,webhook:e})},vs.open)))}
function Ls(e){let[t,r]=o(null),i=E(async()=>{await ws(e),r(e)});n(()=>{if(!t)return;let e=0,n=setInterval(()=>{e+=1,e>Ns?r(null):bs()},Ms);return()=>clearInterval(n)},[t]);let a=t&&As(t,e);return n(()=>{a&&(O(a),r(null))},[a]),i}
var Rs={users:cs,accounts:jr,tenants:pa,audit:bi,webhooks:Fs}
function zs(){let[e,t]=o(!1),r=Bs();Ks(r),Gs(r),n(qe,[`${r} ${z.value.rest.join(` `)}`]);let a=r?Rs[r]:Vs;return i(s,null,i(`a`,{class:`skip`,href:`#main`,onClick:Ws},`Skip to the content`),i(`header`,{class:`bar`},i(it,null),i(`nav`,{"aria-label":`Screens`},x().map(e=>i(`a`,{key:e,href:R([e]),"aria-current":e===r?`page`:void 0},ee[e]))),i(`div`,{class:`who`},i(`span`,{class:`name`,title:b.value?.name},i(`bdi`,null,b.value?.name)),i(`button`,{type:`button`,class:`quiet`,onClick:Hs},`Search and commands`,` `,i(`kbd`,null,`Ctrl K`)),i(at,null),b.value?.kind!==`token`&&i(`button`,{type:`button`,class:`quiet`,onClick:()=>t(!0)},`Change password`),i(`button`,{type:`button`,onClick:Us},`Sign out`))),i(`main`,{id:`main`,tabIndex:-1},i(a,{key:r})),i(Ye,null),i(nn,null),e&&i(st,{onClose:()=>t(!1)}))}
function Bs(){let e=x();return e.find(e=>e===z.value.screen)??e[0]}
function Vs(){return i(s,null,i(`h1`,{tabIndex:-1},`Rolecall`),i(`p`,null,`Your account is signed in, but it administers nothing here. A superadmin can change that.`))}
function Hs(){H.value=`palette`}
function Us(){B([]),Le()}
function Ws(e){e.preventDefault(),document.getElementById(`main`)?.focus()}
function Gs(e){n(()=>{e&&z.value.screen!==e&&bt([e],z.value.screen?{}:z.value.query)})}
function Ks(e){let n=f(null);t(()=>{n.current!==e&&document.querySelector(`h1`)?.focus(),n.current=e},[e])}
function qs(){let[,e]=r(e=>e+1,0);return ge(()=>e(void 0)),i(s,null,i(Js,null),i(gt,null))}
function Js(){return b.value?b.value.mustChangePassword?i(ot,null):i(zs,null):i(dt,null)}
v.mount(),Ce()
var Ys=document.getElementById(`app`);
Ys&&(Ys.replaceChildren(),u(i(qs,null),Ys))
