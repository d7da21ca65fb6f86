// A refusal as the API gave it, with the page where something can be done about it.
const REMEDIES = {
  insufficient_funds: ["/billing", "Add money"],
  free_quota_exhausted: ["/billing", "Add money"],
  project_daily_cap: ["/projects/PROJECT/budgets", "Budgets of this project"],
  project_monthly_cap: ["/projects/PROJECT/budgets", "Budgets of this project"],
  model_not_allowed: ["/projects/PROJECT/models", "Models of this project"],
};
const clock = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export function explain(notice, error, project) {
  const until = error.resetsAt ? ` It begins anew on ${clock.format(new Date(error.resetsAt))}.` : "";
  notice.hidden = false;
  notice.querySelector(".says").textContent = (error instanceof TypeError ? "The server did not answer. Check the connection and try again." : error.message) + until;
  notice.querySelector("code").textContent = [error.status || "", error.code ?? ""].filter(Boolean).join(" ");
  const [href, name] = REMEDIES[error.code] ?? [];
  const remedy = notice.querySelector("[data-remedy]");
  remedy.hidden = !href;
  if (href) Object.assign(remedy, { href: href.replace("PROJECT", project), textContent: name });
}
