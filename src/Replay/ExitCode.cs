using Sallyport.Recording;

namespace Sallyport.Replay;

/// <summary>What the tool tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Everything asked for was done; for verify: every recording is intact and complete.</summary>
    public const int Good = 0;

    /// <summary>A recording is damaged.</summary>
    public const int Damaged = 1;

    /// <summary>The command line is wrong, or a file cannot be read.</summary>
    public const int Usage = 2;

    /// <summary>What is there is intact, but a recording has no trailer: its session still runs, or the daemon died.</summary>
    public const int Incomplete = 3;

    public static int Of(VerifyOutcome outcome) => outcome switch
    {
        VerifyOutcome.Intact => Good,
        VerifyOutcome.Incomplete => Incomplete,
        _ => Damaged,
    };

    /// <summary>The graver of two.</summary>
    public static int Worse(int a, int b) => Gravity(a) >= Gravity(b) ? a : b;

    private static int Gravity(int code) => code switch { Damaged => 3, Usage => 2, Incomplete => 1, _ => 0 };
}
