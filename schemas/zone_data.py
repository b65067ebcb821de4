"""The principal zone of every country (ISO 3166-1, tzdata's zone.tab), and what countries are called."""

# fmt: off
_BY_AREA = {
    "Africa": """
        AO:Luanda BF:Ouagadougou BI:Bujumbura BJ:Porto-Novo BW:Gaborone CD:Kinshasa CF:Bangui CG:Brazzaville
        CI:Abidjan CM:Douala DJ:Djibouti DZ:Algiers EG:Cairo EH:El_Aaiun ER:Asmara ET:Addis_Ababa
        GA:Libreville GH:Accra GM:Banjul GN:Conakry GQ:Malabo GW:Bissau KE:Nairobi LR:Monrovia LS:Maseru
        LY:Tripoli MA:Casablanca ML:Bamako MR:Nouakchott MW:Blantyre MZ:Maputo NA:Windhoek NE:Niamey
        NG:Lagos RW:Kigali SD:Khartoum SL:Freetown SN:Dakar SO:Mogadishu SS:Juba ST:Sao_Tome SZ:Mbabane
        TD:Ndjamena TG:Lome TN:Tunis TZ:Dar_es_Salaam UG:Kampala ZA:Johannesburg ZM:Lusaka ZW:Harare
    """,
    "America": """
        AG:Antigua AI:Anguilla AR:Argentina/Buenos_Aires AW:Aruba BB:Barbados BL:St_Barthelemy BO:La_Paz
        BQ:Kralendijk BR:Sao_Paulo BS:Nassau BZ:Belize CA:Toronto CL:Santiago CO:Bogota CR:Costa_Rica
        CU:Havana CW:Curacao DM:Dominica DO:Santo_Domingo EC:Guayaquil GD:Grenada GF:Cayenne GL:Nuuk
        GP:Guadeloupe GT:Guatemala GY:Guyana HN:Tegucigalpa HT:Port-au-Prince JM:Jamaica KN:St_Kitts
        KY:Cayman LC:St_Lucia MF:Marigot MQ:Martinique MS:Montserrat MX:Mexico_City NI:Managua PA:Panama
        PE:Lima PM:Miquelon PR:Puerto_Rico PY:Asuncion SR:Paramaribo SV:El_Salvador SX:Lower_Princes
        TC:Grand_Turk TT:Port_of_Spain US:New_York UY:Montevideo VC:St_Vincent VE:Caracas VG:Tortola
        VI:St_Thomas
    """,
    "Antarctica": """
        AQ:McMurdo
    """,
    "Arctic": """
        SJ:Longyearbyen
    """,
    "Asia": """
        AE:Dubai AF:Kabul AM:Yerevan AZ:Baku BD:Dhaka BH:Bahrain BN:Brunei BT:Thimphu CN:Shanghai CY:Nicosia
        GE:Tbilisi HK:Hong_Kong ID:Jakarta IL:Jerusalem IN:Kolkata IQ:Baghdad IR:Tehran JO:Amman JP:Tokyo
        KG:Bishkek KH:Phnom_Penh KP:Pyongyang KR:Seoul KW:Kuwait KZ:Almaty LA:Vientiane LB:Beirut LK:Colombo
        MM:Yangon MN:Ulaanbaatar MO:Macau MY:Kuala_Lumpur NP:Kathmandu OM:Muscat PH:Manila PK:Karachi
        PS:Gaza QA:Qatar SA:Riyadh SG:Singapore SY:Damascus TH:Bangkok TJ:Dushanbe TL:Dili TM:Ashgabat
        TW:Taipei UZ:Tashkent VN:Ho_Chi_Minh YE:Aden
    """,
    "Atlantic": """
        BM:Bermuda CV:Cape_Verde FK:Stanley FO:Faroe GS:South_Georgia IS:Reykjavik SH:St_Helena
    """,
    "Australia": """
        AU:Sydney
    """,
    "Europe": """
        AD:Andorra AL:Tirane AT:Vienna AX:Mariehamn BA:Sarajevo BE:Brussels BG:Sofia BY:Minsk CH:Zurich
        CZ:Prague DE:Berlin DK:Copenhagen EE:Tallinn ES:Madrid FI:Helsinki FR:Paris GB:London GG:Guernsey
        GI:Gibraltar GR:Athens HR:Zagreb HU:Budapest IE:Dublin IM:Isle_of_Man IT:Rome JE:Jersey LI:Vaduz
        LT:Vilnius LU:Luxembourg LV:Riga MC:Monaco MD:Chisinau ME:Podgorica MK:Skopje MT:Malta NL:Amsterdam
        NO:Oslo PL:Warsaw PT:Lisbon RO:Bucharest RS:Belgrade RU:Moscow SE:Stockholm SI:Ljubljana
        SK:Bratislava SM:San_Marino TR:Istanbul UA:Kyiv VA:Vatican
    """,
    "Indian": """
        CC:Cocos CX:Christmas IO:Chagos KM:Comoro MG:Antananarivo MU:Mauritius MV:Maldives RE:Reunion
        SC:Mahe TF:Kerguelen YT:Mayotte
    """,
    "Pacific": """
        AS:Pago_Pago CK:Rarotonga FJ:Fiji FM:Pohnpei GU:Guam KI:Tarawa MH:Majuro MP:Saipan NC:Noumea
        NF:Norfolk NR:Nauru NU:Niue NZ:Auckland PF:Tahiti PG:Port_Moresby PN:Pitcairn PW:Palau
        SB:Guadalcanal TK:Fakaofo TO:Tongatapu TV:Funafuti UM:Wake VU:Efate WF:Wallis WS:Apia
    """,
}

PRINCIPAL = {
    country: f"{area}/{city}"
    for area, text in _BY_AREA.items()
    for country, _, city in (word.partition(":") for word in text.split())
}
"""Where a country has several zones: that of most of its people and offices."""

_NAMES = """
    AD andorra; AE united arab emirates, uae, emirates; AF afghanistan; AG antigua and barbuda; AI anguilla;
    AL albania, shqipëria; AM armenia; AO angola; AQ antarctica; AR argentina; AS american samoa;
    AT austria, österreich, autriche; AU australia; AW aruba; AX åland islands, åland; AZ azerbaijan;
    BA bosnia and herzegovina, bosnia, bosna i hercegovina; BB barbados; BD bangladesh;
    BE belgium, belgique, belgië, belgien; BF burkina faso; BG bulgaria, българия; BH bahrain; BI burundi;
    BJ benin; BL saint barthélemy; BM bermuda; BN brunei, brunei darussalam; BO bolivia;
    BQ caribbean netherlands, bonaire; BR brazil, brasil, brasilien; BS bahamas, the bahamas; BT bhutan;
    BW botswana; BY belarus; BZ belize; CA canada, kanada; CC cocos islands;
    CD democratic republic of the congo, dr congo, congo kinshasa; CF central african republic;
    CG congo, republic of the congo, congo brazzaville;
    CH switzerland, schweiz, suisse, svizzera, die schweiz; CI côte d'ivoire, ivory coast; CK cook islands;
    CL chile; CM cameroon, cameroun; CN china, 中国, people's republic of china, prc; CO colombia;
    CR costa rica; CU cuba; CV cape verde, cabo verde; CW curaçao; CX christmas island; CY cyprus, κύπρος;
    CZ czechia, czech republic, česko, česká republika, tschechien;
    DE germany, deutschland, allemagne, alemania, germania; DJ djibouti; DK denmark, danmark, dänemark;
    DM dominica; DO dominican republic, república dominicana; DZ algeria, algérie; EC ecuador;
    EE estonia, eesti; EG egypt; EH western sahara; ER eritrea;
    ES spain, españa, espagne, spanien, espanya; ET ethiopia; FI finland, suomi, finnland; FJ fiji;
    FK falkland islands; FM micronesia; FO faroe islands, føroyar;
    FR france, frankreich, francia, frança; GA gabon;
    GB united kingdom, uk, great britain, britain, england, scotland, wales, northern ireland,
    united kingdom of great britain and northern ireland; GD grenada; GE georgia; GF french guiana;
    GG guernsey; GH ghana; GI gibraltar; GL greenland; GM gambia, the gambia; GN guinea; GP guadeloupe;
    GQ equatorial guinea; GR greece, ελλάδα, hellas, griechenland; GS south georgia; GT guatemala; GU guam;
    GW guinea bissau; GY guyana; HK hong kong, 香港, hong kong sar; HN honduras; HR croatia, hrvatska;
    HT haiti, haïti; HU hungary, magyarország, ungarn; ID indonesia; IE ireland, éire, republic of ireland;
    IL israel, ישראל; IM isle of man; IN india, bharat; IO british indian ocean territory; IQ iraq;
    IR iran, islamic republic of iran; IS iceland, ísland; IT italy, italia, italien, italie; JE jersey;
    JM jamaica; JO jordan; JP japan, 日本; KE kenya; KG kyrgyzstan; KH cambodia; KI kiribati; KM comoros;
    KN saint kitts and nevis; KP north korea;
    KR south korea, korea, republic of korea, 대한민국, 한국; KW kuwait; KY cayman islands;
    KZ kazakhstan, қазақстан; LA laos; LB lebanon, liban; LC saint lucia; LI liechtenstein; LK sri lanka;
    LR liberia; LS lesotho; LT lithuania, lietuva; LU luxembourg, luxemburg, lëtzebuerg; LV latvia, latvija;
    LY libya; MA morocco, maroc; MC monaco; MD moldova, republic of moldova; ME montenegro, crna gora;
    MF saint martin; MG madagascar; MH marshall islands; MK north macedonia, macedonia; ML mali;
    MM myanmar, burma; MN mongolia; MO macau, macao; MP northern mariana islands; MQ martinique;
    MR mauritania; MS montserrat; MT malta; MU mauritius; MV maldives; MW malawi; MX mexico, méxico, mexiko;
    MY malaysia; MZ mozambique, moçambique; NA namibia; NC new caledonia; NE niger; NF norfolk island;
    NG nigeria; NI nicaragua; NL netherlands, the netherlands, nederland, holland, niederlande, pays bas;
    NO norway, norge, noreg, norwegen; NP nepal; NR nauru; NU niue; NZ new zealand, aotearoa; OM oman;
    PA panama, panamá; PE peru, perú; PF french polynesia; PG papua new guinea;
    PH philippines, the philippines, pilipinas; PK pakistan; PL poland, polska, polen;
    PM saint pierre and miquelon; PN pitcairn; PR puerto rico; PS palestine, state of palestine;
    PT portugal; PW palau; PY paraguay; QA qatar; RE réunion; RO romania, românia, rumänien;
    RS serbia, srbija, србија; RU russia, россия, russian federation; RW rwanda;
    SA saudi arabia, kingdom of saudi arabia, ksa; SB solomon islands; SC seychelles; SD sudan;
    SE sweden, sverige, schweden; SG singapore; SH saint helena; SI slovenia, slovenija;
    SJ svalbard and jan mayen; SK slovakia, slovensko, slovak republic; SL sierra leone; SM san marino;
    SN senegal, sénégal; SO somalia; SR suriname; SS south sudan; ST são tomé and príncipe; SV el salvador;
    SX sint maarten; SY syria; SZ eswatini, swaziland; TC turks and caicos islands; TD chad, tchad;
    TF french southern territories; TG togo; TH thailand, ประเทศไทย, ไทย; TJ tajikistan; TK tokelau;
    TL timor leste, east timor; TM turkmenistan; TN tunisia, tunisie; TO tonga;
    TR turkey, türkiye, turkiye, türkei; TT trinidad and tobago; TV tuvalu; TW taiwan, 台灣, 臺灣;
    TZ tanzania; UA ukraine, україна; UG uganda; UM us minor outlying islands;
    US united states, usa, united states of america, america, the united states, estados unidos, états unis;
    UY uruguay; UZ uzbekistan, o'zbekiston; VA vatican city, holy see; VC saint vincent and the grenadines;
    VE venezuela; VG british virgin islands; VI us virgin islands; VN vietnam, viet nam, việt nam; VU vanuatu;
    WF wallis and futuna; WS samoa; YE yemen; YT mayotte; ZA south africa, rsa, suid afrika; ZM zambia;
    ZW zimbabwe
"""
# fmt: on

NAMES = {
    name.strip(): entry.split()[0]
    for entry in _NAMES.split(";")
    for name in entry.strip()[3:].split(",")
}
"""What a country is called, in English and at home, in lower case."""
