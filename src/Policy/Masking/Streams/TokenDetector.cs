using System.Buffers;
using System.Text;

namespace Sallyport.Policy.Masking.Streams;

/// <summary>Credentials that say what they are: a prefix, and behind it a number of characters of an alphabet.</summary>
internal sealed class TokenDetector : Detector
{
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    private static readonly SearchValues<byte> Capitals = SearchValues.Create(Encoding.ASCII.GetBytes(Upper));
    private static readonly SearchValues<byte> Alphanumeric = SearchValues.Create(Encoding.ASCII.GetBytes(Upper + "abcdefghijklmnopqrstuvwxyz_"));
    private static readonly SearchValues<byte> Hyphenated = SearchValues.Create(Encoding.ASCII.GetBytes(Upper + "abcdefghijklmnopqrstuvwxyz_-"));

    private readonly Form[] _forms;

    private TokenDetector(params Form[] forms) => _forms = forms;

    /// <summary>Identifiers of AWS access keys, lasting and temporary.</summary>
    public static TokenDetector AwsKey { get; } = new(new Form("AKIA", 16, 16, Capitals), new Form("ASIA", 16, 16, Capitals));

    /// <summary>Tokens of GitHub, GitLab, Slack, Stripe, npm and Google.</summary>
    public static TokenDetector AccessToken { get; } = new(
        new Form("ghp_", 36, 255, Alphanumeric), new Form("gho_", 36, 255, Alphanumeric), new Form("ghu_", 36, 255, Alphanumeric), new Form("ghs_", 36, 255, Alphanumeric),
        new Form("ghr_", 36, 255, Alphanumeric), new Form("github_pat_", 40, 255, Alphanumeric), new Form("glpat-", 20, 255, Hyphenated), new Form("xox", 20, 255, Hyphenated),
        new Form("sk_live_", 16, 255, Alphanumeric), new Form("rk_live_", 16, 255, Alphanumeric), new Form("npm_", 36, 255, Alphanumeric), new Form("AIza", 35, 35, Hyphenated));

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        Sighting first = Sighting.Undecided(text.Length);
        foreach (Form form in _forms)
        {
            Sighting sighting = Next(form, text, from, final);
            if (sighting.Start < first.Start)
                first = sighting;
        }

        return first;
    }

    private static Sighting Next(Form form, ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOf(form.Prefix);
            if (found < 0)
                return Sighting.Undecided(final ? text.Length : PartAtEnd(text, from, form.Prefix));
            int start = at + found;
            at = start + 1;
            if (IsWord(text[start - 1]))
                continue;
            ReadOnlySpan<byte> rest = text[(start + form.Prefix.Length)..];
            int length = rest.IndexOfAnyExcept(form.Alphabet);
            if (length < 0 && !final && rest.Length <= form.Most)
                return Sighting.Undecided(start);
            length = length < 0 ? rest.Length : length;
            if (length >= form.Least && length <= form.Most && EndsAt(rest, length))
                return new Sighting(start, form.Prefix.Length + length);
        }
    }

    private sealed class Form(string prefix, int least, int most, SearchValues<byte> alphabet)
    {
        public byte[] Prefix { get; } = Encoding.ASCII.GetBytes(prefix);

        public int Least => least;

        public int Most => most;

        public SearchValues<byte> Alphabet => alphabet;
    }
}
