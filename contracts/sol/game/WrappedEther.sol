// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title WrappedEther: ether as a token
/// @notice ERC-20 over the ether that accounts have sent here. Written from the text of ERC-20
///         (https://eips.ethereum.org/EIPS/eip-20). A transfer of more than there is, or of more than is
///         allowed, reverts without data.
abstract contract WrappedEther {
    /// @notice Ether came in for an account.
    event Deposit(address indexed account, uint256 value);
    /// @notice Ether went out to an account.
    event Withdrawal(address indexed account, uint256 value);
    /// @notice Tokens went from one account to another.
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// @notice An account lets another transfer so much of its tokens.
    event Approval(address indexed holder, address indexed spender, uint256 value);

    /// @notice The token's name.
    string public constant name = "Wrapped Ether";
    /// @notice The token's symbol.
    string public constant symbol = "WETH";
    /// @notice Decimal places of a token: a unit is a wei.
    uint8 public constant decimals = 18;

    /// @notice Wei of an account.
    mapping(address holder => uint256 value) public balanceOf;
    /// @notice Wei of the first account that the second may transfer; the largest number means any.
    mapping(address holder => mapping(address spender => uint256 value)) public allowance;

    receive() external payable {
        deposit();
    }

    fallback() external payable {
        deposit();
    }

    /// @notice Takes in what is sent, for the sender.
    function deposit() public payable {
        _add(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice The ether that the contract holds.
    /// @return The amount, in wei.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    /// @notice Lets another account transfer tokens of the sender.
    /// @param spender Who may transfer them.
    /// @param value How much, in wei, in place of what was allowed before; the largest number: any.
    /// @return Always true.
    function approve(address spender, uint256 value) external returns (bool) {
        _allow(msg.sender, spender, value);
        return true;
    }

    /// @notice Transfers tokens of the sender.
    /// @param to Who gets them.
    /// @param value How much, in wei.
    /// @return Always true.
    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    /// @notice Transfers tokens of an account that allows it. Nobody needs leave for tokens of his own.
    /// @param from Whose tokens they are.
    /// @param to Who gets them.
    /// @param value How much, in wei.
    /// @return Always true.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        if (from != msg.sender) _spend(from, value);
        _transfer(from, to, value);
        return true;
    }

    /// Sets what a spender may transfer.
    function _allow(address holder, address spender, uint256 value) internal {
        allowance[holder][spender] = value;
        emit Approval(holder, spender, value);
    }

    /// Takes from an account what it has to have.
    function _take(address holder, uint256 value) internal {
        uint256 balance = balanceOf[holder];
        require(value <= balance);
        unchecked {
            balanceOf[holder] = balance - value;
        }
    }

    function _add(address holder, uint256 value) private {
        balanceOf[holder] += value;
    }

    function _transfer(address from, address to, uint256 value) private {
        _take(from, value);
        _add(to, value);
        emit Transfer(from, to, value);
    }

    /// Uses up leave of the sender, unless that is without limit.
    function _spend(address holder, uint256 value) private {
        uint256 allowed = allowance[holder][msg.sender];
        if (allowed == type(uint256).max) return;
        require(value <= allowed);
        unchecked {
            allowance[holder][msg.sender] = allowed - value;
        }
    }
}
