namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>What <see cref="TerminalParser"/> finds in a stream.</summary>
public interface ITerminalTarget
{
    /// <summary>A run of ASCII characters that print, 0x20 to 0x7e.</summary>
    void Print(ReadOnlySpan<byte> ascii);

    /// <summary>One character beyond ASCII; U+FFFD for bytes that are not UTF-8.</summary>
    void Print(int rune);

    /// <summary>A control of C0.</summary>
    void Execute(byte control);

    /// <summary>ESC, an intermediate byte or 0, and a final byte.</summary>
    void Escape(byte intermediate, byte final);

    /// <summary>CSI: its parts are the parser's until the call returns.</summary>
    void Csi(TerminalParameters parameters, byte prefix, byte intermediate, byte final);

    /// <summary>OSC: the head of its text. DCS, SOS, PM and APC are never told.</summary>
    void Osc(ReadOnlySpan<byte> text);
}
