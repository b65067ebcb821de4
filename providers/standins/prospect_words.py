"""What the invented prospects say, by language; data only. Refuses to know how they are understood."""

from dataclasses import dataclass

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "sv")


@dataclass(frozen=True, slots=True)
class Voice:
    """How one language answers; `{day}` is a date in its own spelling, `{n}` a ticket's number."""

    interested: tuple[str, ...]
    question: tuple[str, ...]
    meeting: tuple[str, ...]
    not_interested: tuple[str, ...]
    not_now: tuple[str, ...]
    unsubscribe: tuple[str, ...]
    absent: tuple[str, ...]
    absent_subject: str
    ticket: str
    ticket_subject: str
    wrote: str
    """The line above a quote: `{date}`, `{name}`, `{email}`."""
    original: tuple[str, str, str, str]
    """The words for From, Sent, To and Subject over a quote in the other style."""
    months: str
    day: str
    """A date: `{d}`, `{month}`, `{y}`."""
    regards: str


# fmt: off
VOICES: dict[str, Voice] = {
    "en": Voice(
        interested=("This looks interesting. Please send me more information.",
                    "Sounds good, tell me more about it.",
                    "Yes, I am interested. Please send the details."),
        question=("How much does it cost for a team of twelve?",
                  "Quick question: does it work with our CRM?",
                  "Where is the data stored?"),
        meeting=("Happy to talk. Could we have a call on Tuesday at 10?",
                 "Let's schedule a meeting next week. Does Thursday at 2 pm work for you?",
                 "Can we set up a call this week?"),
        not_interested=("Thank you, but we are not interested.",
                        "No thanks, this is not for us.",
                        "Not interested, thank you."),
        not_now=("Not right now, please get back to me next quarter.",
                 "The timing is bad at the moment. Try again in autumn."),
        unsubscribe=("Please remove me from your list.", "Unsubscribe", "Stop emailing me."),
        absent=("Thank you for your message. I am out of the office and will be back on {day}.",
                "I am on annual leave and will return on {day}. I have no access to my mail."),
        absent_subject="Automatic reply: {subject}",
        ticket="Thank you for contacting us. Your request has been received and was given the number {n}. This is an automated message.",
        ticket_subject="[Ticket #{n}] We have received your message",
        wrote="On {date}, {name} <{email}> wrote:",
        original=("From", "Sent", "To", "Subject"),
        months="January February March April May June July August September October November December",
        day="{d} {month} {y}", regards="Kind regards"),
    "de": Voice(
        interested=("Das klingt interessant, bitte senden Sie mir mehr Informationen.",
                    "Gerne, ich bin interessiert. Bitte schicken Sie die Unterlagen."),
        question=("Was kostet das für ein Team von zwölf Personen?", "Wo werden die Daten gespeichert?"),
        meeting=("Gerne, können wir nächste Woche telefonieren?",
                 "Lassen Sie uns einen Termin vereinbaren. Passt Ihnen Dienstag um 10 Uhr?"),
        not_interested=("Vielen Dank, aber wir haben kein Interesse.", "Nein danke, kein Interesse."),
        not_now=("Im Moment passt es nicht. Bitte melden Sie sich im nächsten Quartal noch einmal.",),
        unsubscribe=("Bitte nehmen Sie mich aus Ihrem Verteiler.", "Bitte keine weiteren E-Mails. Abmelden."),
        absent=("Vielen Dank für Ihre Nachricht. Ich bin nicht im Büro und ab dem {day} wieder erreichbar.",),
        absent_subject="Abwesenheitsnotiz: {subject}",
        ticket="Vielen Dank für Ihre Anfrage. Sie wurde unter der Nummer {n} erfasst. Dies ist eine automatische Antwort.",
        ticket_subject="[Ticket #{n}] Ihre Anfrage ist eingegangen",
        wrote="Am {date} schrieb {name} <{email}>:",
        original=("Von", "Gesendet", "An", "Betreff"),
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        day="{d}. {month} {y}", regards="Mit freundlichen Grüßen"),
    "fr": Voice(
        interested=("C'est intéressant, envoyez-moi votre documentation, s'il vous plaît.",),
        question=("Quel est le prix pour une équipe de douze personnes ?",),
        meeting=("Avec plaisir, pouvons-nous fixer un rendez-vous mardi à 10 h ?",),
        not_interested=("Merci, mais nous ne sommes pas intéressés.",),
        not_now=("Pas pour le moment, merci de me recontacter au prochain trimestre.",),
        unsubscribe=("Merci de me retirer de votre liste.", "Veuillez me désinscrire."),
        absent=("Merci pour votre message. Je suis absent du bureau et serai de retour le {day}.",),
        absent_subject="Réponse automatique : {subject}",
        ticket="Merci de nous avoir contactés. Votre demande a bien été enregistrée sous le numéro {n}. Ceci est une réponse automatique.",
        ticket_subject="[Ticket #{n}] Votre demande a été reçue",
        wrote="Le {date}, {name} <{email}> a écrit :",
        original=("De", "Envoyé", "À", "Objet"),
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        day="{d} {month} {y}", regards="Cordialement"),
    "es": Voice(
        interested=("Me interesa, por favor envíeme más información.",),
        question=("¿Cuánto cuesta para un equipo de doce personas?",),
        meeting=("Con mucho gusto. ¿Podemos agendar una llamada el martes a las 10?",),
        not_interested=("Gracias, pero no nos interesa.",),
        not_now=("Ahora mismo no es buen momento, contácteme el próximo trimestre.",),
        unsubscribe=("Por favor, deme de baja de su lista.", "No me envíen más correos."),
        absent=("Gracias por su mensaje. Estoy fuera de la oficina y volveré el {day}.",),
        absent_subject="Respuesta automática: {subject}",
        ticket="Gracias por contactarnos. Hemos recibido su solicitud con el número {n}. Este es un mensaje automático.",
        ticket_subject="[Ticket #{n}] Hemos recibido su mensaje",
        wrote="El {date}, {name} <{email}> escribió:",
        original=("De", "Enviado", "Para", "Asunto"),
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        day="{d} de {month} de {y}", regards="Un saludo"),
    "it": Voice(
        interested=("Mi interessa, mi mandi maggiori informazioni per favore.",),
        question=("Quanto costa per un gruppo di dodici persone?",),
        meeting=("Volentieri, sentiamoci al telefono martedì alle 10.",),
        not_interested=("Grazie, ma non siamo interessati.",),
        not_now=("Al momento non è il periodo giusto, mi ricontatti il prossimo trimestre.",),
        unsubscribe=("Vi prego di cancellarmi dalla vostra lista.", "Non inviatemi più email."),
        absent=("Grazie per il messaggio. Sono fuori ufficio e tornerò il {day}.",),
        absent_subject="Risposta automatica: {subject}",
        ticket="Grazie per averci contattato. La sua richiesta è stata registrata con il numero {n}. Questo è un messaggio automatico.",
        ticket_subject="[Ticket #{n}] Abbiamo ricevuto la sua richiesta",
        wrote="Il giorno {date} {name} <{email}> ha scritto:",
        original=("Da", "Inviato", "A", "Oggetto"),
        months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        day="{d} {month} {y}", regards="Cordiali saluti"),
    "nl": Voice(
        interested=("Dat klinkt interessant, stuur mij graag meer informatie.",),
        question=("Wat kost het voor een team van twaalf personen?",),
        meeting=("Graag, kunnen we volgende week een afspraak maken?",),
        not_interested=("Dank u, maar wij hebben geen interesse.",),
        not_now=("Het komt nu niet uit, neem volgend kwartaal nog eens contact op.",),
        unsubscribe=("Haal mij alstublieft van uw mailinglijst.", "Graag afmelden."),
        absent=("Bedankt voor uw bericht. Ik ben niet op kantoor en ben op {day} weer terug.",),
        absent_subject="Automatisch antwoord: {subject}",
        ticket="Bedankt voor uw bericht. Uw aanvraag is geregistreerd onder nummer {n}. Dit is een automatisch bericht.",
        ticket_subject="[Ticket #{n}] Wij hebben uw bericht ontvangen",
        wrote="Op {date} schreef {name} <{email}>:",
        original=("Van", "Verzonden", "Aan", "Onderwerp"),
        months="januari februari maart april mei juni juli augustus september oktober november december",
        day="{d} {month} {y}", regards="Met vriendelijke groet"),
    "pt": Voice(
        interested=("Tenho interesse, por favor envie mais informações.",),
        question=("Quanto custa para uma equipa de doze pessoas?",),
        meeting=("Com gosto, podemos marcar uma reunião na terça-feira às 10?",),
        not_interested=("Obrigado, mas não temos interesse.",),
        not_now=("Agora não é um bom momento, entre em contacto no próximo trimestre.",),
        unsubscribe=("Por favor, remova-me da sua lista.",),
        absent=("Obrigado pela mensagem. Estou fora do escritório e volto no dia {day}.",),
        absent_subject="Resposta automática: {subject}",
        ticket="Obrigado pelo contacto. O seu pedido foi registado com o número {n}. Esta é uma mensagem automática.",
        ticket_subject="[Ticket #{n}] Recebemos a sua mensagem",
        wrote="Em {date}, {name} <{email}> escreveu:",
        original=("De", "Enviado", "Para", "Assunto"),
        months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        day="{d} de {month} de {y}", regards="Cumprimentos"),
    "sv": Voice(
        interested=("Det låter intressant, skicka gärna mer information.",),
        question=("Vad kostar det för ett team på tolv personer?",),
        meeting=("Gärna, kan vi boka ett möte nästa vecka?",),
        not_interested=("Tack, men vi är inte intresserade.",),
        not_now=("Det passar inte just nu, återkom gärna nästa kvartal.",),
        unsubscribe=("Vänligen ta bort mig från er lista.", "Avregistrera mig, tack."),
        absent=("Tack för ditt meddelande. Jag är inte på kontoret och är tillbaka den {day}.",),
        absent_subject="Autosvar: {subject}",
        ticket="Tack för ditt meddelande. Ditt ärende har registrerats med nummer {n}. Detta är ett automatiskt meddelande.",
        ticket_subject="[Ticket #{n}] Vi har tagit emot ditt ärende",
        wrote="Den {date} skrev {name} <{email}>:",
        original=("Från", "Skickat", "Till", "Ämne"),
        months="januari februari mars april maj juni juli augusti september oktober november december",
        day="{d} {month} {y}", regards="Vänliga hälsningar"),
}
# fmt: on
