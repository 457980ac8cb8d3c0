"""Given names and tribes of Sindh, for invented families: Roman, Urdu and Sindhi spelling."""

MEN = (
    ("Ali Gohar", "علی گوہر", "علي گوهر"), ("Allah Dino", "اللہ ڈنو", "الله ڏنو"),
    ("Asghar Ali", "اصغر علی", "اصغر علي"), ("Bashir Ahmed", "بشیر احمد", "بشير احمد"),
    ("Ghulam Nabi", "غلام نبی", "غلام نبي"), ("Haji Khan", "حاجی خان", "حاجي خان"),
    ("Hakim Ali", "حاکم علی", "حاڪم علي"), ("Imam Bux", "امام بخش", "امام بخش"),
    ("Khuda Bux", "خدا بخش", "خدا بخش"), ("Lal Bux", "لعل بخش", "لعل بخش"),
    ("Manzoor Ahmed", "منظور احمد", "منظور احمد"), ("Mehboob Ali", "محبوب علی", "محبوب علي"),
    ("Mir Hassan", "میر حسن", "مير حسن"), ("Nazeer Ahmed", "نذیر احمد", "نذير احمد"),
    ("Noor Muhammad", "نور محمد", "نور محمد"), ("Punhoon", "پنھوں", "پنهون"),
    ("Qurban Ali", "قربان علی", "قربان علي"), ("Rasool Bux", "رسول بخش", "رسول بخش"),
    ("Sajjad Hussain", "سجاد حسین", "سجاد حسين"), ("Shah Nawaz", "شاہ نواز", "شاهه نواز"),
    ("Sikandar Ali", "سکندر علی", "سڪندر علي"), ("Wali Muhammad", "ولی محمد", "ولي محمد"),
    ("Zulfiqar Ali", "ذوالفقار علی", "ذوالفقار علي"), ("Deedar Ali", "دیدار علی", "ديدار علي"),
)  # fmt: skip

WOMEN = (
    ("Amna Bibi", "آمنہ بی بی", "آمنه بي بي"), ("Bachal Khatoon", "بچل خاتون", "بچل خاتون"),
    ("Bakhtawar", "بختاور", "بختاور"), ("Fatima", "فاطمہ", "فاطمه"), ("Gul Bano", "گل بانو", "گل بانو"),
    ("Hajran", "حاجراں", "حاجران"), ("Hameeda", "حمیدہ", "حميده"), ("Jannat", "جنت", "جنت"),
    ("Kulsoom", "کلثوم", "ڪلثوم"), ("Marvi", "ماروی", "ماروي"), ("Mumtaz Begum", "ممتاز بیگم", "ممتاز بيگم"),
    ("Naseem Khatoon", "نسیم خاتون", "نسيم خاتون"), ("Parveen", "پروین", "پروين"), ("Razia", "رضیہ", "رضيه"),
    ("Rukhsana", "رخسانہ", "رخسانه"), ("Saima", "صائمہ", "صائمه"), ("Sakina", "سکینہ", "سڪينه"),
    ("Shahzadi", "شہزادی", "شهزادي"), ("Sodhi", "سوڈھی", "سوڍي"), ("Zainab Khatoon", "زینب خاتون", "زينب خاتون"),
)  # fmt: skip

TRIBES = (
    "Abro", "Bhutto", "Brohi", "Chandio", "Jamali", "Jatoi", "Junejo", "Khoso", "Lashari", "Magsi", "Mallah", "Panhwar",
    "Solangi", "Soomro",
)  # fmt: skip
