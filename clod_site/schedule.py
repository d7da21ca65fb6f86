"""Every recurring job, in one table. Minutes are staggered so that no two start at once."""

from typing import Any

from celery.schedules import crontab

BEAT: dict[str, dict[str, Any]] = {
    "refresh-prices": {"task": "catalog.tasks.refresh_prices", "schedule": crontab(minute="*/5"), "options": {"expires": 240}},
    "prune-prices": {"task": "catalog.tasks.prune_prices", "schedule": crontab(minute=47, hour=4), "options": {"expires": 3600}},
    "sweep-holds": {"task": "billing.tasks.sweep_holds", "schedule": 20.0, "options": {"expires": 20}},
    "reconcile-wallets": {"task": "billing.tasks.reconcile_wallets", "schedule": crontab(minute="3-59/10"), "options": {"expires": 300}},
    "check-ledger": {"task": "billing.tasks.check_ledger", "schedule": crontab(minute="8-59/10"), "options": {"expires": 500}},
    "prepare-days": {"task": "billing.tasks.prepare_days", "schedule": crontab(minute=37), "options": {"expires": 1200}},
    "forget-answers": {"task": "billing.tasks.forget_answers", "schedule": crontab(minute="12-59/20"), "options": {"expires": 600}},
    "prune-periods": {"task": "billing.tasks.prune_periods", "schedule": crontab(minute=22, hour=4), "options": {"expires": 3600}},
    "top-up-automatically": {"task": "billing.tasks.top_up_automatically", "schedule": crontab(), "options": {"expires": 55}},
    "tend-top-ups": {"task": "billing.tasks.tend_top_ups", "schedule": 61.0, "options": {"expires": 60}},
    "alert-about-budgets": {"task": "billing.tasks.alert_about_budgets", "schedule": 67.0, "options": {"expires": 60}},
    "deliver-webhooks": {"task": "webhooks.tasks.deliver", "schedule": 10.0, "options": {"expires": 10}},
    "forget-webhook-events": {"task": "webhooks.tasks.forget_events", "schedule": crontab(minute=32, hour=4), "options": {"expires": 3600}},
    "forget-presets-and-tokens": {
        "task": "studio.tasks.forget_presets_and_tokens",
        "schedule": crontab(minute=52),
        "options": {"expires": 1200},
    },
    "mark-keys-used": {"task": "activity.tasks.mark_keys_used", "schedule": 30.0, "options": {"expires": 30}},
    "delete-bodies": {"task": "activity.tasks.delete_bodies", "schedule": crontab(minute="14-59/30"), "options": {"expires": 1500}},
    "add-up-usage": {"task": "activity.tasks.add_up_usage", "schedule": crontab(minute="4-59/5"), "options": {"expires": 240}},
}
