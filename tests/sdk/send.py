"""The providers' own SDKs, pointed at the gateway: one base URL changed, nothing else.

Run by tests/it/sdk.rs: send.py BASE_URL. Prints one JSON line per message: what the caller of the SDK sees.
"""

import json
import sys

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

base = sys.argv[1]


def tell(what, **saw):
    print(json.dumps({"what": what, **saw}, ensure_ascii=False))


def mail(what, to, subject, text):
    client = SendGridAPIClient("SG.tests", host=base + "/sendgrid")
    message = Mail(from_email="news@shop.example", to_emails=to, subject=subject, plain_text_content=text)
    try:
        answer = client.send(message)
        tell(what, status=answer.status_code, id=answer.headers.get("X-Message-Id"))
    except HTTPError as error:
        tell(what, status=error.status_code, errors=[e["message"] for e in error.to_dict["errors"]])


def sms(what, to, text):
    client = Client("AC" + "0" * 32, "token")
    client.api.base_url = base + "/twilio"
    try:
        message = client.messages.create(to=to, from_="+15005550006", body=text)
        tell(what, status=201, id=message.sid, body=message.body, state=message.status)
    except TwilioRestException as error:
        tell(what, status=error.status, code=error.code, errors=[error.msg])


mail("mail to a customer", "ann@example.com", "20% off everything", "Our autumn sale: 20% off everything. Unsubscribe any time.")
mail("mail to one who refused", "bob@example.com", "20% off everything", "Our autumn sale: 20% off everything. Unsubscribe any time.")
mail("给客户的邮件", "chen@example.com", "秋装上新", "秋装上新，全场8折。如不想再收到，请点击退订。")
mail("给拒收者的邮件", "bob@example.com", "秋装上新", "秋装上新，全场8折。如不想再收到，请点击退订。")
sms("sms to a customer", "+14155550100", "Our autumn sale: 20% off everything. Reply STOP to end")
sms("给客户的短信", "+8613800138000", "【某某商城】秋装上新，全场8折，回T退订")
sms("给拒收者的短信", "+8613900139000", "【某某商城】秋装上新，全场8折，回T退订")
