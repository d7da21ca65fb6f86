"""Answers of the markets in their published formats, written by hand around 22 November 2026, 15:30 UTC."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime

from catalog.energy.feeds import Ask

NOW = datetime(2026, 11, 22, 15, 32, tzinfo=UTC)
NODES = {
    "caiso": "TH_NP15_GEN-APND",
    "ercot": "HB_NORTH",
    "nyiso": "WEST",
    "isone": ".H.INTERNAL_HUB",
    "miso": "MINN.HUB",
    "spp": "SPPSOUTH_HUB",
    "ieso": "ONTARIO",
    "comed": "COMED",
    "pjm": "DOM",
    "aeso": "POOL",
}


def ask(feed: str, now: datetime = NOW, key: str = "key") -> Ask:
    return Ask((NODES[feed],), now, key)


def zipped(text: str, name: str = "20261122_PRC_INTVL_LMP_RTM.csv") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return file.getvalue()


CAISO_HEAD = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,"
    "XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,VALUE,OPR_INTERVAL,GROUP\n"
)


def caiso_row(start: str, end: str, price: str, kind: str = "LMP", node: str = NODES["caiso"]) -> str:
    return f"{start}-00:00,{end}-00:00,2026-11-22,8,{node},{node},{node},RTM,{kind},LMP_PRC,{node},ALL,0,{price},5,1\n"


CAISO = CAISO_HEAD + "".join(
    caiso_row("2026-11-22T15:25:00", "2026-11-22T15:30:00", price, kind)
    for kind, price in (("LMP", "34.10"), ("MCC", "-1.2"), ("MCE", "36.0"))
)
CAISO_ERROR = (
    '<?xml version="1.0"?><OASISReport xmlns="http://www.caiso.com/soa/OASISReport_v1.xsd"><MessagePayload><RTO><ERROR>'
    "<ERR_CODE>1000</ERR_CODE><ERR_DESC>No data returned for the specified selection</ERR_DESC></ERROR></RTO></MessagePayload>"
    "</OASISReport>"
)

ERCOT_HEAD = "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointType,SettlementPointPrice,DSTFlag\n"
ERCOT = ERCOT_HEAD + "11/22/2026,10,1,HB_NORTH,HU,21.5,N\n11/22/2026,10,1,LZ_HOUSTON,LZ,24.1,N\n"
ERCOT_LIST = json.dumps(
    {
        "ListDocsByRptTypeRes": {
            "DocumentList": [
                {
                    "Document": {
                        "DocID": "111",
                        "FriendlyName": "SPPHLZNP6905_20261122_0915_csv",
                        "PublishDate": "2026-11-22T09:15:40-06:00",
                    }
                },
                {
                    "Document": {
                        "DocID": "222",
                        "FriendlyName": "SPPHLZNP6905_20261122_0930_csv",
                        "PublishDate": "2026-11-22T09:30:41-06:00",
                    }
                },
                {
                    "Document": {
                        "DocID": "333",
                        "FriendlyName": "SPPHLZNP6905_20261122_0930_xml",
                        "PublishDate": "2026-11-22T09:30:42-06:00",
                    }
                },
            ]
        }
    }
).encode()

NYISO_HEAD = '"Time Stamp","Name","PTID","LBMP ($/MWHr)","Marginal Cost Losses ($/MWHr)","Marginal Cost Congestion ($/MWHr)"\r\n'
NYISO = NYISO_HEAD + '"11/22/2026 10:30:00","WEST",61752,18.36,-1.64,0.00\r\n"11/22/2026 10:30:00","N.Y.C.",61761,22.00,2.00,0.00\r\n'

ISONE = (
    '"C","Preliminary Five-Minute Prices"\n"C","Filename: fiveminlmp.csv"\n"C","Report for: 11/22/2026"\n'
    '"H","Local Time","Location ID","LMP","Energy Component","Congestion Component","Marginal Loss Component"\n'
    '"H","Datetime","Number","Number","Number","Number","Number"\n'
    '"D","2026-11-22 10:25:00","4000","52.25","52.0","0","0.25"\n"D","2026-11-22 10:25:00","4001","50.00","52.0","0","-2"\n'
    '"T","2"\n'
)

MISO = json.dumps(
    {
        "LMPData": {
            "RefId": "22-Nov-2026 - Interval 10:30 EST",
            "FiveMinLMP": {"HourAndMin": "10:30", "PricingNode": [{"name": "MINN.HUB", "LMP": "16.42", "MLC": "0.1", "MCC": "-3.0"}]},
            "HourlyIntegratedLMP": {"PricingNode": [{"name": "MINN.HUB", "LMP": "99.0"}]},
        }
    }
)

SPP_HEAD = "Interval,GMTIntervalEnd,Settlement Location,Pnode,LMP,MLC,MCC,MEC,BAA\n"
SPP = SPP_HEAD + (
    "11/22/2026 09:30:00,11/22/2026 15:30:00,SPPSOUTH_HUB,SPPSOUTH_HUB,-3.2551,0.2,-20.0,16.5,SPP\n"
    "11/22/2026 09:30:00,11/22/2026 15:30:00,SPPSOUTH_HUB,SPPSOUTH_HUB,99,0,0,0,SWPW\n"
)


def ieso(prices: Sequence[str], day: str = "2026-11-22", hour: int = 11) -> str:
    zonal = "".join(
        f"<ZonalPrice><Interval>{number}</Interval><Flag>DSO-RD</Flag><LmpCap>{price}</LmpCap><LossPriceCap>0</LossPriceCap>"
        "<CongPriceCap>0</CongPriceCap></ZonalPrice>"
        for number, price in enumerate(prices, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="http://www.ieso.ca/schema" docID="RealtimeOntarioZonalPrice"><DocHeader>'
        f"<CreatedAt>2026-11-22T10:31:02</CreatedAt></DocHeader><DocBody><DeliveryDate>{day}</DeliveryDate>"
        f"<DeliveryHour>{hour}</DeliveryHour>{zonal}<AveragePrice><LmpCap>25.33</LmpCap></AveragePrice></DocBody></Document>"
    )


IESO = ieso(["40.00", "41.00", "-5.00", *[""] * 9])
MILLIS = int(datetime(2026, 11, 22, 15, 30, tzinfo=UTC).timestamp() * 1000)
COMED = json.dumps([{"millisUTC": str(MILLIS), "price": "3.1"}, {"millisUTC": str(MILLIS - 300_000), "price": "-0.4"}])
PJM = json.dumps(
    [
        {"datetime_beginning_utc": "2026-11-22T15:25:00", "pnode_id": 34964545, "pnode_name": "DOM", "total_lmp_rt": 28.113},
        {"datetime_beginning_utc": "2026-11-22T15:25:00", "pnode_id": 8445784, "pnode_name": "AEP", "total_lmp_rt": 20.0},
    ]
)
AESO = json.dumps(
    {
        "timestamp": "2026-11-22 08:32:00",
        "return": {
            "System Marginal Price Report": [
                {"begin_datetime_utc": "2026-11-22 15:26", "end_datetime_utc": "2026-11-22 23:59", "system_marginal_price": "100.00"},
                {"begin_datetime_utc": "2026-11-22 15:10", "end_datetime_utc": "2026-11-22 15:26", "system_marginal_price": "50.00"},
            ]
        },
    }
)
WHOLE = {
    "caiso": zipped(CAISO),
    "ercot": zipped(ERCOT),
    "nyiso": NYISO.encode(),
    "isone": ISONE.encode(),
    "miso": MISO.encode(),
    "spp": SPP.encode(),
    "ieso": IESO.encode(),
    "comed": COMED.encode(),
    "pjm": PJM.encode(),
    "aeso": AESO.encode(),
}
