using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>Operations on files to actions to verdicts.</summary>
internal sealed class SftpJudge(SessionContext context)
{
    private readonly ArrayBufferWriter<byte> _text = new(256);

    /// <summary>Judges an operation on these paths, and records the decision.</summary>
    /// <param name="name">What a person reads of it.</param>
    /// <param name="unclear">Its paths cannot be understood.</param>
    public Verdict Judge(Verb verb, string name, SftpPaths paths, bool unclear, out bool mustWait) =>
        context.Judge(View(verb, name, paths, unclear), out mustWait);

    /// <summary>The action that was just judged, for a person to decide on.</summary>
    public HeldAction Held(Verb verb, string name, SftpPaths paths, ReadOnlySpan<byte> packet)
    {
        ActionView view = View(verb, name, paths, unclear: false);
        List<HeldEffect> effects = [];
        foreach (ObjectRef o in paths.Objects)
            effects.Add(new HeldEffect(o.Verb, Encoding.UTF8.GetString(o.Name(paths.Names))));
        // The packet but for its length and id.
        byte[] digest = SHA256.HashData([packet[4], .. view.Text, 0, .. packet[SftpPackets.Header..]]);
        return new HeldAction
        {
            Kind = ActionKind.FileAccess,
            Verb = verb,
            Text = Encoding.UTF8.GetString(view.Text),
            Rules = context.HoldingRules(view),
            Effects = effects,
            Digest = digest,
        };
    }

    /// <summary>What the client's program shows of a refusal.</summary>
    public static string Message(in Verdict verdict) =>
        verdict.Hint is null ? $"refused by policy, rule {verdict.RuleId}" : $"refused by policy, rule {verdict.RuleId}: {verdict.Hint}";

    public static string Message(in Verdict verdict, HoldOutcome outcome) => $"approval needed, rule {verdict.RuleId}: {outcome.Message}";

    private ActionView View(Verb verb, string name, SftpPaths paths, bool unclear)
    {
        _text.ResetWrittenCount();
        Encoding.UTF8.GetBytes(name, _text);
        int shown = -1;
        foreach (ObjectRef o in paths.Objects)
        {
            ReadOnlySpan<byte> path = o.Name(paths.Names);
            if (shown >= 0 && path.SequenceEqual(paths[shown]))
                continue;
            _text.Write(" "u8);
            _text.Write(path);
            shown++;
        }

        return new ActionView
        {
            Kind = ActionKind.FileAccess,
            Verb = verb,
            Flags = unclear ? ActionFlags.Unparsed : ActionFlags.None,
            Text = _text.WrittenSpan,
            Names = paths.Names,
            Objects = paths.Objects,
            Home = paths.Home,
        };
    }
}
