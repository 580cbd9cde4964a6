using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh;

/// <summary>
/// What an SSH client asks for, as an action that policy can judge. Owned by the client's loop: one action at a time, whose spans are valid until the next.
/// </summary>
internal sealed class SshActions
{
    private readonly ObjectRef[] _object = new ObjectRef[1];
    private byte[] _names = [];

    /// <summary>An action on one thing, or on none: a shell, a subsystem, a variable, a terminal, agent or window forwarding.</summary>
    public ActionView One(ActionKind kind, Verb verb, ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return new ActionView { Kind = kind, Verb = verb };
        Keep(name);
        _object[0] = new ObjectRef(verb, ObjectFlags.None, 0, name.Length, 0);
        return new ActionView { Kind = kind, Verb = verb, Text = name, Names = _names.AsSpan(0, name.Length), Objects = _object };
    }

    /// <summary>A connection to or from an address.</summary>
    public ActionView Destination(Verb verb, ReadOnlySpan<byte> host, uint port)
    {
        Span<byte> text = stackalloc byte[16];
        port.TryFormat(text, out int digits);
        int length = host.Length + 1 + digits;
        if (_names.Length < length)
            _names = new byte[length];
        host.CopyTo(_names);
        _names[host.Length] = (byte)':';
        text[..digits].CopyTo(_names.AsSpan(host.Length + 1));
        _object[0] = new ObjectRef(verb, ObjectFlags.None, 0, length, host.Length);
        return new ActionView { Kind = ActionKind.PortForward, Verb = verb, Text = _names.AsSpan(0, length), Names = _names.AsSpan(0, length), Objects = _object };
    }

    /// <summary>What is held, for people and for the digest.</summary>
    public static HeldAction Held(in ActionView action, SessionFacts facts, IReadOnlyList<string> rules, ReadOnlySpan<byte> environment = default)
    {
        var effects = new List<HeldEffect>(action.Objects.Length);
        foreach (ref readonly ObjectRef effect in action.Objects)
        {
            string name = Encoding.UTF8.GetString(action.Names.Slice(effect.Start, effect.Length)).Replace('\0', ' ');
            effects.Add(new HeldEffect(effect.Verb, name));
        }

        return new HeldAction
        {
            Kind = action.Kind,
            Verb = action.Verb,
            Text = action.Text.IsEmpty ? Word(action.Verb) : Encoding.UTF8.GetString(action.Text),
            Rules = rules,
            Effects = effects,
            Digest = SshDigest.Of(action, facts, environment),
        };
    }

    private static string Word(Verb verb) => verb.ToString().ToLowerInvariant();

    private void Keep(ReadOnlySpan<byte> name)
    {
        if (_names.Length < name.Length)
            _names = new byte[name.Length];
        name.CopyTo(_names);
    }
}
