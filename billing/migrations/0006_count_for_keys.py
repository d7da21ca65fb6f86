from django.db import migrations

OF_PAST_CALLS = """
INSERT INTO billing_budgetperiod (api_key_id, period_key, spent_nanousd, held_nanousd)
SELECT api_key_id, {period}, SUM(captured_nanousd), SUM(CASE WHEN state = 'open' THEN amount_nanousd ELSE 0 END)
FROM billing_hold WHERE funding = 'wallet' AND api_key_id IS NOT NULL GROUP BY api_key_id, {period}
"""


class Migration(migrations.Migration):
    """Keys have budgets from their first call on, so that a cap set today counts what was spent and is held already."""

    dependencies = [("billing", "0005_budgets_of_keys")]
    operations = [
        migrations.RunSQL(
            [OF_PAST_CALLS.format(period=period) for period in ("day_key", "month_key")],
            "DELETE FROM billing_budgetperiod WHERE api_key_id IS NOT NULL",
        )
    ]
